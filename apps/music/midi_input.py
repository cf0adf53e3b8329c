"""Tracks of MIDI files as rolls and voices, and the file that `infer --midi` begins with."""

import sys
from dataclasses import replace

import numpy as np

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
    """(note code with FREE, or a roll; the request with the file's metre) of a MIDI file.

    Rolls have all tracks but drums. Voices have the melody: the highest notes of the track called
    soprano, melody or voice, else of the first track.

    Raises: UserError for a file without a melody on the piano's keys; DataError for a damaged file.
    """
    file = midi_files.read(path)
    for reason, count in file.mended.items():
        print(f"warning: {path}: mended {count} times: {reason}", file=sys.stderr)
    tracks = [track for track in file.tracks if not track.drums]
    if not tracks:
        raise UserError(f"{path} has only drums: name a file with a melody")
    if composer.kind == "frames":
        return roll(tracks), request
    named = [t for t in tracks if t.name.lower().startswith(("soprano", "melody", "voice"))]
    melody = (named or tracks)[0]
    if len(tracks) > 1:
        print(f"note: {path}: only its melody, {melody.name!r}, is read", file=sys.stderr)
    cells = midi_files.grid(melody.notes)
    pitches = cells[cells > HOLD]
    if not pitches.size:
        raise UserError(f"{path}: no note of its melody lasts to the next sixteenth: slow it down")
    if pitches.min() < LOWEST or pitches.max() > HIGHEST:
        span = f"{notation.name(LOWEST)} to {notation.name(HIGHEST)}"
        raise UserError(f"{path} has notes outside the piano's range {span}: transpose it")
    notes = np.full([len(cells), len(composer.pipeline.limits)], FREE, np.int32)
    notes[:, 0] = cells
    bar, pickup = metre(file)
    bar = request.bar or bar
    return notes, replace(request, bar=bar, pickup=request.pickup or pickup % bar)
