"""Reads the pieces of your own folder of MIDI files, and reports what was left out."""

import sys

import numpy as np

from apps.music import midi_input
from apps.music.piece import Piece
from common.music import HIGHEST, HOLD, LOWEST, keys, rolls
from data import DataError
from data.readers import midi_files

SHOWN = 5  # file names for each reason
PLACES = {"validation": 0, "test": 5}  # of each ten files


def read_folder(config, split):
    """The Pieces of a split: of each ten files, by name, one is for validation and one for test.

    Raises: DataError for a folder with too few usable files.
    """
    files, report = midi_files.folder(config.data.folder)
    pieces, seen, frames = [], set(), config.model.kind == "frames"
    grid = "changed by the grid of " + ("quarters" if frames else "sixteenths")
    for name, file in files:
        tracks = [track for track in file.tracks if not track.drums]
        notes, reason = (_roll if frames else _voices)(tracks)
        if not reason and (content := (notes.shape, notes.tobytes())) in seen:
            reason = "the same as a file before"
        if reason:
            report.setdefault(f"left out: {reason}", []).append(name)
        else:
            seen.add(content)
            if changes := midi_input.grid_changes(tracks, 1 if frames else 4):
                report.setdefault(grid, []).append(f"{name}: {changes}")
            key = keys.estimate(rolls.pitch_classes(notes)) if notes.dtype != np.uint8 else -1
            pieces.append(Piece(name, notes, *midi_input.metre(file), key))
    if split == "train":
        for reason, names in report.items():
            some = ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")
            print(f"{config.data.folder}: {len(names)} {reason} ({some})", file=sys.stderr)
    if len(pieces) < 2:
        raise DataError(
            f"{config.data.folder} has {len(pieces)} usable MIDI files, at least two are needed; "
            "a voice model takes files of four tracks with one voice each"
        )
    if split == "test" and len(pieces) < 6:
        raise DataError(f"{config.data.folder} has too few files for a test split: it needs 6")
    if split == "train":
        return [piece for n, piece in enumerate(pieces) if n % 10 not in PLACES.values()]
    return [piece for n, piece in enumerate(pieces) if n % 10 == PLACES[split]]


def _roll(tracks):
    """(roll, "") or (None, why the file is left out)."""
    if not tracks:
        return None, "only drums"
    found = midi_input.roll(tracks)
    return (found, "") if len(found) > 1 else (None, "shorter than two quarters")


def _voices(tracks):
    """(note code `[time, 4]`, "") or (None, why the file is left out)."""
    if len(tracks) != 4:
        return None, "not four tracks"
    tracks = sorted(tracks, key=lambda track: -np.mean([note[2] for note in track.notes]))
    steps = max(len(midi_files.grid(track.notes)) for track in tracks)
    notes = np.stack([midi_files.grid(track.notes, steps) for track in tracks], 1)
    pitches = notes[notes > HOLD]
    if not pitches.size:
        return None, "shorter than a sixteenth"
    if pitches.min() < LOWEST or pitches.max() > HIGHEST:
        return None, "notes outside a piano's keys"
    return notes, ""
