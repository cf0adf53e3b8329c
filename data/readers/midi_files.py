"""Reads your own MIDI files, reports what was mended, refuses files without music.

Times are in quarters of the file's own beat, so tempo changes do not matter. A note-off ends the
oldest open note of its pitch; a note that never ends is ended by the next onset of its key or with
its track (see midi_notes.py); a note without length is left out.
"""

import itertools
import os
import pathlib
from dataclasses import dataclass, field

from data import DataError, sources

LONGEST = 4096  # quarters: over half an hour; the rest of a longer file is left out
MOST_BYTES = 10_000_000
DRUM_CHANNEL = 9
MOST_HALVINGS = 6  # of a whole note: beats are sixty-fourths at least
SLACK = 1 / 32  # quarters; see midi_notes.pair


@dataclass
class Track:
    """One channel of one track; `notes` are (start, end, pitch, velocity), in quarters, sorted."""

    name: str
    drums: bool
    notes: list = field(default_factory=list)
    channel: int = 0


@dataclass
class Midi:
    tracks: list  # those that have notes; of one track, the channel that begins first comes first
    tempo: float = 120.0  # quarters a minute, the first of the file, 120 without any
    bar: float = 4.0  # quarters in a bar, by the time signature that lasts longest
    pickup: float = 0.0  # quarters before its first whole bar
    unit: int = 4  # note value of that time signature's beats: 8 of 6/8
    mended: dict = field(default_factory=dict)  # reason -> count


def read(path, content=None) -> Midi:
    """Reads a MIDI file, or its `content` as bytes, where `path` only serves errors.

    Raises: DataError naming file, cause and cure, for a file that is not MIDI or has no notes.
    """
    from data.readers import midi_events

    path = pathlib.Path(path)
    content = _content(path) if content is None else content
    if len(content) > MOST_BYTES:
        raise DataError(f"{path} has over {MOST_BYTES:,} bytes: cut it into pieces")
    try:
        events = midi_events.parse(content)
    except ValueError as error:
        raise DataError(
            f"{path} is not a MIDI file or is damaged ({error}): export it again"
        ) from error
    if events.ticks == midi_events.SMPTE:
        raise DataError(f"{path} counts time in SMPTE frames, not beats: export it again")
    if events.kind == 2:
        raise DataError(f"{path} is of format 2 (unrelated patterns): save it as format 0 or 1")
    names, tempo, metres = _metas(events)
    tracks = _note_tracks(events, names)
    if not tracks:
        raise DataError(f"{path} has no notes: name a file with music in it")
    metre = _longest(metres, max(track.notes[-1][1] for track in tracks))
    return Midi(tracks, tempo, *metre, dict(events.odd))


def _content(path):
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise DataError(f"{path} is neither file nor folder: name a MIDI file")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}: check the name") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder: name a MIDI file") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in its name
        raise DataError(f"cannot read {str(path)!r} ({error}): check the name") from error


def _metas(events):
    """(track -> name, quarters a minute, [(quarter, quarters in a bar, note value of a beat)])."""
    from data.readers.midi_events import KEY, METRE, NAME, TEMPO

    names, tempos, metres = {}, [], []
    for track, time, kind, raw in events.metas:
        at, value = time / events.ticks, int.from_bytes(raw, "big")
        if at > LONGEST:
            continue
        if kind == NAME:
            names[track] = raw if raw.strip() else names.get(track, raw)
        elif kind == TEMPO and value:
            tempos.append((at, 60e6 / value))
        elif kind == METRE and raw[0] and raw[1] <= MOST_HALVINGS:
            metres.append((at, 4 * raw[0] / 2 ** raw[1], 2 ** raw[1]))
        elif kind != KEY or not (raw[0] <= 7 or raw[0] >= 249) or raw[1] > 1:
            name = {TEMPO: "tempo", METRE: "time signature", KEY: "key signature"}[kind]
            events.odd[f"{name} without meaning"] += 1
    tempo = min(tempos, key=lambda change: change[0], default=(0, 120.0))[1]
    names = {track: _text(raw).strip() for track, raw in names.items()}
    return names, tempo, sorted(metres, key=lambda change: change[0])


def _text(raw):
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _longest(metres, end):
    """(quarters in a bar, pickup, note value of a beat) of the metre that lasts longest.

    A pickup is often written as a time signature of its own.
    """
    ends = [start for start, *_ in metres[1:]] + [end]
    best, found = -1.0, (4.0, 0.0, 4)
    for (start, bar, unit), stop in zip(metres, ends, strict=False):
        if stop - start > best:
            best, found = stop - start, (bar, start % bar, unit)
    return found


def _note_tracks(events, names):
    """A Track for each channel of each track that has notes."""
    import numpy as np

    from data.readers import midi_notes

    notes, ticks, odd = events.notes, events.ticks, events.odd
    longest = LONGEST * ticks
    if late := int((events.ends > longest).sum()):
        odd[f"track cut after {LONGEST} quarters"] += late
    notes = {name: values[notes["time"] <= longest] for name, values in notes.items()}
    voice = 16 * notes["track"] + notes["channel"]
    keys, ends = 128 * voice + notes["pitch"], np.minimum(events.ends, longest)[notes["track"]]
    on = notes["velocity"] > 0
    first, stop, lost = midi_notes.pair(keys, notes["time"], on, ends, SLACK * ticks)
    sounding = stop > notes["time"][first]
    for reason, count in (
        ("note without an end", lost),
        ("note of no length", len(first) - int(sounding.sum())),
    ):
        if count:
            odd[reason] += count
    first, stop = first[sounding], stop[sounding]
    start, pitch, velocity = (notes[name][first] for name in ("time", "pitch", "velocity"))
    _, begun, number = np.unique(voice[first], return_index=True, return_inverse=True)
    order = np.lexsort((velocity, pitch, stop, start, number))
    rows = zip(
        (start[order] / ticks).tolist(),
        (stop[order] / ticks).tolist(),
        pitch[order].tolist(),
        velocity[order].tolist(),
        strict=True,
    )
    found = []
    for message, count in zip(first[begun].tolist(), np.bincount(number).tolist(), strict=True):
        track, channel = int(notes["track"][message]), int(notes["channel"][message])
        name = names.get(track) or f"track {track}"
        own = list(itertools.islice(rows, count))
        found.append((track, message, Track(name, channel == DRUM_CHANNEL, own, channel)))
    return [track for *_, track in sorted(found, key=lambda item: item[:2])]


def folder(path):
    """Reads all MIDI files under a folder.

    Returns: [(name, Midi), ...] sorted by name, and {reason: names of files left out or mended}.
    Raises: DataError for a folder that is missing or has no usable MIDI file.
    """
    path = pathlib.Path(path)
    if not os.path.isdir(path):
        raise DataError(f"there is no folder {path}: check the name")
    files = sources.files_under(path, (".mid", ".midi", ".rmi"))
    if not files:
        raise DataError(f"{path} holds no MIDI file (.mid, .midi, .rmi): name another folder")
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


def off_grid(notes, steps=4):
    """How many notes the grid changes: (begin elsewhere, fall on the step of an earlier one).

    Notes that begin together are a chord, of which a voice keeps the highest: they are not counted
    as merged; a whole chord that is merged counts once. Less than a twentieth of a step is no move.

    Args:
        steps: of the grid, in a quarter.
    """
    starts = sorted(note[0] * steps for note in notes)
    moved = sum(abs(start - round(start)) > 0.05 for start in starts)
    chord, taken, merged = -1.0, -1, 0  # where the last chord begins, and its step
    for start in starts:
        if start - chord > 0.05:
            merged += round(start) == taken
            chord, taken = start, round(start)
    return moved, merged


def grid(notes, steps=None):
    """One voice on a grid of sixteenths, int32 `[time]`.

    A cell is a MIDI number where a note begins, 1 where it is held, 0 for a rest. A note ends the
    note before it; of notes that begin together the highest is taken.
    """
    import numpy as np

    if not notes:
        return np.zeros([steps or 0], np.int32)
    start, end, pitch = np.round(np.array([note[:3] for note in notes], float).T * [[4], [4], [1]])
    if not steps and end.any():  # also the last note may begin half a step before its end
        steps = int(max(end.max(), start.max() + 1))
    cells = np.zeros([steps or 0], np.int32)
    order = np.lexsort((pitch, start))
    order = order[np.append(start[order][1:] != start[order][:-1], True)]  # the highest of each
    begins = start[order].astype(int)
    ends = np.maximum(begins + 1, end[order].astype(int))
    ends = np.minimum(ends, np.append(begins[1:], len(cells)))
    for first, after, note in zip(begins, ends, pitch[order].astype(int), strict=True):
        if first < len(cells):
            cells[first:after] = 1
            cells[first] = note
    return cells
