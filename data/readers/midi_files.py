"""Reads your own MIDI files, reports what was mended, refuses files without music.

Times are in quarters of the file's own beat, so tempo changes do not matter. A note that never ends
is ended by the next onset of its key or with its track; a note without length is left out.
"""

import io
import os
import pathlib
from dataclasses import dataclass, field

from data import DataError, sources

LONGEST = 4096  # quarters: over half an hour; the rest of a longer file is left out
MOST_BYTES = 10_000_000
DRUM_CHANNEL = 9


@dataclass
class Track:
    """One channel of one track; `notes` are (start, end, pitch, velocity), in quarters, sorted."""

    name: str
    drums: bool
    notes: list = field(default_factory=list)


@dataclass
class Midi:
    tracks: list  # those that have notes
    tempo: float = 120.0  # quarters a minute, the first of the file
    bar: float = 4.0  # quarters in a bar, by the time signature that lasts longest
    pickup: float = 0.0  # quarters before its first whole bar
    mended: dict = field(default_factory=dict)  # reason -> count


def read(path, content=None) -> Midi:
    """Reads a MIDI file, or its `content` as bytes, where `path` only serves errors.

    Raises: DataError naming file, cause and cure, for a file that is not MIDI or has no notes.
    """
    import mido

    path = pathlib.Path(path)
    try:
        content = path.read_bytes() if content is None else content
        if len(content) > MOST_BYTES:
            raise DataError(f"{path} has over {MOST_BYTES:,} bytes: cut it into pieces")
        file = mido.MidiFile(file=io.BytesIO(content), clip=True)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}: check the name") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder: name a MIDI file") from error
    except DataError:
        raise
    except Exception as error:  # mido raises what it likes on a damaged file
        reason = str(error) or "it ends too early"
        raise DataError(
            f"{path} is not a MIDI file or is damaged ({reason}): export it again"
        ) from error
    if file.ticks_per_beat <= 0:
        raise DataError(f"{path} counts time in SMPTE frames, not beats: export it again")
    if file.type == 2:
        raise DataError(f"{path} is of format 2 (unrelated patterns): save it as format 0 or 1")
    found = Midi([])
    facts = {"bars": []}
    for number, track in enumerate(file.tracks):
        _read_track(track, number, file.ticks_per_beat, found, facts)
    if not found.tracks:
        raise DataError(f"{path} has no notes: name a file with music in it")
    found.tempo = facts.get("tempo", 120.0)
    found.bar, found.pickup = _metre(facts["bars"], max(t.notes[-1][1] for t in found.tracks))
    return found


def _metre(signatures, end):
    """(quarters in a bar, pickup) of the time signature that lasts longest.

    A pickup is often written as a time signature of its own.

    Args:
        signatures: (quarter at which it begins, quarters in a bar), in order.
    """
    ends = [start for start, _ in signatures[1:]] + [end]
    best, found = -1.0, (4.0, 0.0)
    for (start, bar), stop in zip(signatures, ends, strict=False):
        if stop - start > best:
            best, found = stop - start, (bar, start % bar)
    return found


def _read_track(messages, number, ticks, found, facts):
    now, name, open_notes, tracks = 0, f"track {number}", {}, {}

    def mend(reason):
        found.mended[reason] = found.mended.get(reason, 0) + 1

    def close(channel, pitch, end):
        start, velocity = open_notes.pop((channel, pitch))
        if end <= start:
            mend("note of no length")
        else:
            made = tracks.setdefault(channel, Track(name, channel == DRUM_CHANNEL))
            made.notes.append((start, end, pitch, velocity))

    for message in messages:
        now += message.time / ticks
        if now > LONGEST:
            mend(f"track cut after {LONGEST} quarters")
            now = LONGEST
            break
        if message.type == "track_name":
            name = message.name.strip() or name
        elif message.type == "set_tempo" and message.tempo:
            facts.setdefault("tempo", 60e6 / message.tempo)
        elif message.type == "time_signature" and message.numerator and message.denominator:
            facts["bars"].append((now, 4 * message.numerator / message.denominator))
        elif message.type == "note_on" and message.velocity:
            key = _key(message)
            if key in open_notes:
                if open_notes[key][0] < now:
                    mend("note begun again before its end")
                close(*key, now)
            open_notes[key] = now, message.velocity
        elif message.type in ("note_off", "note_on") and _key(message) in open_notes:
            close(*_key(message), now)
    for key in list(open_notes):
        mend("note without an end")
        close(*key, now)
    for track in tracks.values():
        track.name, track.notes = name, sorted(track.notes)
    found.tracks += tracks.values()


def _key(message):
    return message.channel, message.note


def folder(path):
    """Reads all MIDI files under a folder.

    Returns: [(name, Midi), ...] sorted by name, and {reason: names of files left out or mended}.
    Raises: DataError for a folder that is missing or has no usable MIDI file.
    """
    path = pathlib.Path(path)
    if not os.path.isdir(path):
        raise DataError(f"there is no folder {path}: check the name")
    files = sources.files_under(path, (".mid", ".midi"))
    if not files:
        raise DataError(f"{path} holds no MIDI file (.mid, .midi): name another folder")
    found, report = [], {}
    for file in files:
        name = str(file.relative_to(path))
        try:
            midi = read(file)
        except DataError as error:
            reason = str(error).removeprefix(f"{file} ").rpartition(": ")[0]
            report.setdefault("left out: " + reason, []).append(name)
            continue
        for reason in midi.mended:
            report.setdefault("mended: " + reason, []).append(name)
        found.append((name, midi))
    if not found:
        reasons = "; ".join(report)
        raise DataError(f"{path}: none of {len(files)} MIDI files is usable ({reasons})")
    return found, report


def grid(notes, steps=None):
    """One voice on a grid of sixteenths, int32 `[time]`.

    A cell is a MIDI number where a note begins, 1 where it is held, 0 for a rest. A note ends the
    note before it; of notes that begin together the highest is taken.
    """
    import numpy as np

    ends = [round(note[1] * 4) for note in notes]
    cells = np.zeros([steps or max(ends, default=0)], np.int32)
    for start, end, pitch, *_ in sorted(notes, key=lambda note: (round(note[0] * 4), note[2])):
        first = round(start * 4)
        after = min(max(first + 1, round(end * 4)), len(cells))
        if first >= len(cells):
            continue
        cells[first:after] = 1
        cells[first] = pitch
        if after < len(cells) and cells[after] == 1:  # the rest of a note that was cut off
            stop = after
            while stop < len(cells) and cells[stop] == 1:
                stop += 1
            cells[after:stop] = 0
    return cells
