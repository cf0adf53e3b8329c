"""People's own folder of MIDI files -> pieces, with a report of what was left out."""

import sys

import numpy as np

from common.music import HIGHEST, HOLD, KEYS, LOWEST, keys, rolls
from data import DataError
from data.readers import midi_files

SHOWN = 5  # names a reason


def read_folder(config, split):
    """(id, notes, steps in a bar, steps before the first bar, key) of a split: of ten files (by
    name) the first is for validation, the sixth for test."""
    found, report = midi_files.folder(config.data.folder)
    pieces, seen = [], set()
    for name, file in found:
        tracks = [track for track in file.tracks if not track.drums]
        notes, reason = (_roll if config.model.kind == "frames" else _voices)(tracks)
        if not reason and (content := (notes.shape, notes.tobytes())) in seen:
            reason = "the same as a file before"
        if reason:
            report.setdefault(f"left out: {reason}", []).append(name)
        else:
            seen.add(content)
            key = keys.estimate(rolls.pitch_classes(notes)) if notes.dtype != np.uint8 else -1
            bar = max(1, min(48, round(4 * file.bar)))
            pieces.append((name, notes, bar, round(4 * file.pickup), key))
    if split == "train":
        for reason, names in report.items():
            some = ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")
            print(f"{config.data.folder}: {len(names)} {reason} ({some})", file=sys.stderr)
    if len(pieces) < 2:
        raise DataError(
            f"{config.data.folder} has {len(pieces)} usable MIDI files, two are the least; "
            "a voice model takes files of four tracks with one voice each"
        )
    place = {"validation": 0, "test": 5}
    if split == "test" and len(pieces) < 6:
        raise DataError(f"{config.data.folder} has too few files for a test split: it takes 6")
    return [
        piece
        for n, piece in enumerate(pieces)
        if (n % 10 == place[split] if split in place else n % 10 not in place.values())
    ]


def midi_roll(tracks):
    """Tracks of `data.midi_files` -> roll uint8 `[quarters, 88]`: notes begin and end at the beat
    next to them (of two the later), those that would vanish sound in the quarter they are in."""
    notes = [note for track in tracks for note in track.notes]
    roll = np.zeros([int(np.ceil(max(note[1] for note in notes))), KEYS], np.uint8)
    for start, end, pitch, *_ in notes:
        if LOWEST <= pitch <= HIGHEST:
            first, last = int(start + 0.5), int(end + 0.5)
            first = first if first < end else int(start)
            roll[first : max(first + 1, last), pitch - LOWEST] = 1
    return roll


def _roll(tracks):
    if not tracks:
        return None, "only drums"
    roll = midi_roll(tracks)
    return (roll, "") if len(roll) > 1 else (None, "shorter than two quarters")


def _voices(tracks):
    if len(tracks) != 4:
        return None, "not four tracks"
    tracks = sorted(tracks, key=lambda track: -np.mean([note[2] for note in track.notes]))
    steps = max(round(4 * note[1]) for track in tracks for note in track.notes)
    notes = np.stack([midi_files.grid(track.notes, steps) for track in tracks], 1)
    pitches = notes[notes > HOLD]
    if not pitches.size:
        return None, "shorter than a sixteenth"
    if pitches.min() < LOWEST or pitches.max() > HIGHEST:
        return None, "notes outside a piano's keys"
    return notes, ""
