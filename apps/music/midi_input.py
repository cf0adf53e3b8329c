"""Tracks of MIDI files as rolls and voices, and the file that `infer --midi` begins with."""

import sys
from dataclasses import replace

import numpy as np

from apps.music.request import FASTEST, SLOWEST, TEMPO
from common.errors import UserError
from common.music import FREE, HIGHEST, HOLD, KEYS, LOWEST, notation
from data.readers import midi_files

LONGEST_BAR = 48  # sixteenths


def roll(tracks):
    """Tracks of `data.readers.midi_files` -> roll uint8 `[quarters, 88]`.

    Notes begin and end at the nearest beat (of two the later); a note that would vanish sounds in
    the quarter that it is in.
    """
    notes = [note for track in tracks for note in track.notes]
    found = np.zeros([int(np.ceil(max(note[1] for note in notes))), KEYS], np.uint8)
    for start, end, pitch, *_ in notes:
        if LOWEST <= pitch <= HIGHEST:
            first, last = int(start + 0.5), int(end + 0.5)
            first = first if first < end else int(start)
            found[first : max(first + 1, last), pitch - LOWEST] = 1
    return found


def metre(file):
    """(sixteenths in a bar, sixteenths before the first whole bar) of a MIDI file."""
    return max(1, min(LONGEST_BAR, round(4 * file.bar))), round(4 * file.pickup)


def read_midi(path, composer, request):
    """(note code with FREE, or a roll; the request with the file's metre and tempo) of a MIDI file.

    What the request itself says is kept. Rolls have all tracks but drums. Voices have the melody:
    the highest notes of the track called soprano, melody or voice, else of the first track; of the
    channels of one track, the one that begins first.

    Raises: UserError for a file without a melody on the piano's keys; DataError for a damaged file.
    """
    file = midi_files.read(path)
    for reason, count in file.mended.items():
        times = f" ({count} times)" if count > 1 else ""
        print(f"warning: {path}: {reason}{times}", file=sys.stderr)
    tracks = [track for track in file.tracks if not track.drums]
    if not tracks:
        raise UserError(f"{path} has only drums: name a file with a melody")
    request = _like(file, path, request)
    if composer.kind == "frames":
        _tell_grid(path, tracks, 1)
        return roll(tracks), request
    named = [t for t in tracks if t.name.lower().startswith(("soprano", "melody", "voice"))]
    melody = (named or tracks)[0]
    if len(tracks) > 1:
        name = f"{melody.name!r}, channel {melody.channel + 1}"
        print(f"note: {path}: only its melody, {name}, is read", file=sys.stderr)
    _tell_grid(path, [melody], 4)
    cells = midi_files.grid(melody.notes)
    pitches = cells[cells > HOLD]
    if not pitches.size:
        raise UserError(f"{path}: no note of its melody lasts to the next sixteenth: slow it down")
    if pitches.min() < LOWEST or pitches.max() > HIGHEST:
        span = f"{notation.name(LOWEST)} to {notation.name(HIGHEST)}"
        raise UserError(f"{path} has notes outside the piano's range {span}: transpose it")
    notes = np.full([len(cells), len(composer.pipeline.limits)], FREE, np.int32)
    notes[:, 0] = cells
    return notes, request


def _like(file, path, request):
    """The request with the metre and tempo of a file where it says nothing of them."""
    bar, pickup = metre(file)
    unit = request.unit or (0 if request.bar else file.unit)
    bar, tempo = request.bar or bar, request.tempo or file.tempo
    if not SLOWEST <= tempo <= FASTEST:
        print(
            f"warning: {path} has a tempo of {tempo:g} quarters a minute: {TEMPO:g} is taken",
            file=sys.stderr,
        )
        tempo = TEMPO
    pickup = request.pickup or pickup % bar
    return replace(request, bar=bar, unit=unit, pickup=pickup, tempo=tempo)


def grid_changes(tracks, steps):
    """What a grid does to the notes of tracks, in words; "" for nothing.

    Args:
        steps: of the grid, in a quarter: 4 for voices, 1 for rolls.
    """
    changes = [midi_files.off_grid(notes, steps) for notes in _lines(tracks, steps)]
    moved, merged = np.sum(changes, 0)
    count = sum(len(track.notes) for track in tracks)
    if not moved and not merged:
        return ""
    return f"of {count} notes {moved} moved to it, {merged} merged with an earlier one"


def _lines(tracks, steps):
    """Lists of notes that exclude one another: those of each voice, or each key of a roll."""
    if steps == 4:
        return [track.notes for track in tracks]
    keys = {}
    for track in tracks:
        for note in track.notes:
            keys.setdefault(note[2], []).append(note)
    return list(keys.values())


def _tell_grid(path, tracks, steps):
    if changes := grid_changes(tracks, steps):
        grid = "sixteenths" if steps == 4 else "quarters"
        print(f"note: {path}: on the grid of {grid}, {changes}", file=sys.stderr)
