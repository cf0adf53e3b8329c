"""Statistics of composed pieces, computed without a model; each docstring states unit and range.

A piece is note code, int `[time, voices]`; `pieces` is a list of them.
"""

import numpy as np

from . import HOLD, LOWEST, keys
from .rolls import pitch_classes, sounding

INTERVALS = 25  # -12 to 12 semitones; wider leaps are counted as octaves


def pitch_class_histogram(pieces):
    """Share of each pitch class relative to the tonic of its piece: float `[12]`."""
    total = np.zeros(12)
    for piece in pieces:
        histogram = pitch_classes(piece)
        total += np.roll(histogram, -(keys.estimate(histogram) % 12))
    return total / max(total.sum(), 1)


def interval_histogram(pieces):
    """Share of each melodic interval within a voice, -12 to 12 semitones: float `[25]`."""
    total = np.zeros(INTERVALS)
    for piece in pieces:
        for voice in np.asarray(piece).T:
            steps = np.clip(np.diff(voice[voice > HOLD]), -12, 12)
            total += np.bincount(steps + 12, minlength=INTERVALS)
    return total / max(total.sum(), 1)


def overlap(one, other):
    """Overlap of two histograms, sum_i min(p_i, q_i): 1 if equal, 0 if disjoint."""
    return float(np.minimum(one, other).sum())


def in_key(pieces):
    """Share of sounding steps whose pitch class is in the scale of the piece's key, 0 to 1."""
    inside = total = 0
    for piece in pieces:
        histogram = pitch_classes(piece)
        inside += histogram[keys.scale(keys.estimate(histogram))].sum()
        total += histogram.sum()
    return float(inside / max(total, 1))


def silence(pieces):
    """Share of cells in which no note sounds, 0 to 1."""
    cells = np.concatenate([sounding(piece).ravel() for piece in pieces])
    return float((cells == 0).mean())


def longest_note(pieces):
    """Length of the longest note, in steps; reveals drones."""
    longest = 0
    for piece in pieces:
        for voice in np.asarray(piece).T:
            run = 0
            for cell in voice:
                run = run + 1 if cell == HOLD else int(cell > HOLD)
                longest = max(longest, run)
    return longest


def in_range(pieces, limits):
    """Share of notes within the range of their voice, 0 to 1.

    Args:
        limits: (lowest, highest) MIDI number of each voice.
    """
    inside = total = 0
    for piece in pieces:
        for voice, (low, high) in zip(np.asarray(piece).T, limits, strict=True):
            notes = voice[voice > HOLD]
            inside += ((notes >= low) & (notes <= high)).sum()
            total += len(notes)
    return float(inside / max(total, 1))


def voice_crossings(pieces):
    """Share of steps in which a lower voice sounds above a higher one, 0 to 1."""
    crossed = total = 0
    for piece in pieces:
        pitches = sounding(piece)
        both = (pitches[:, :-1] > 0) & (pitches[:, 1:] > 0)
        crossed += ((pitches[:, 1:] > pitches[:, :-1]) & both).any(1).sum()
        total += len(pitches)
    return float(crossed / max(total, 1))


def parallel_fifths(pieces):
    """Parallel perfect fifths and octaves per hundred steps in which at least two voices move.

    Two voices a fifth or octave (modulo octaves) apart both move, in the same direction, to the
    same interval.
    """
    found = moves = 0
    for piece in pieces:
        pitches = sounding(piece)
        before, after = pitches[:-1], pitches[1:]
        moved = (before != after) & (before > 0) & (after > 0)
        moves += (moved.sum(1) > 1).sum()
        for high in range(pitches.shape[1]):
            for low in range(high + 1, pitches.shape[1]):
                both = moved[:, high] & moved[:, low]
                first = before[:, high] - before[:, low]
                second = after[:, high] - after[:, low]
                up = np.sign(after[:, high] - before[:, high])
                same = up == np.sign(after[:, low] - before[:, low])
                perfect = np.isin(first % 12, (0, 7)) & (first % 12 == second % 12)
                found += (both & same & perfect).sum()
    return float(100 * found / max(moves, 1))


CHORD_TONES = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 3, 6))
CHORD_TONES += ((0, 5, 7),)  # by quality; a chord is LOWEST + 12 * quality + root


def chord_agreement(pieces):
    """Share of steps whose note is a chord tone, of steps with melody (voice 0) and chord (1)."""
    inside = total = 0
    for piece in pieces:
        pitches = sounding(np.asarray(piece)[:, :2])
        for note, chord in pitches[(pitches > 0).all(1)]:
            quality, root = divmod(int(chord) - LOWEST, 12)
            inside += (note - root) % 12 in CHORD_TONES[min(quality, len(CHORD_TONES) - 1)]
            total += 1
    return float(inside / max(total, 1))


def on_the_beat(tracks):
    """Share of drum hits that fall on a quarter, 0 to 1; tracks `[time]` begin on a quarter."""
    hits = [np.flatnonzero(np.asarray(track) > HOLD) for track in tracks]
    hits = np.concatenate([*hits, np.zeros(0, int)])
    return float((hits % 4 == 0).mean()) if len(hits) else 0.0


def self_repetition(pieces, steps=16):
    """Share of windows of `steps` steps in the first voice that occur earlier in it, 0 to 1."""
    again = total = 0
    for piece in pieces:
        voice = np.asarray(piece)[:, 0]
        seen = set()
        for start in range(0, len(voice) - steps + 1, 4):
            window = voice[start : start + steps].tobytes()
            again += window in seen
            total += 1
            seen.add(window)
    return float(again / max(total, 1))


def longest_copy(pieces, training):
    """Length in steps of the longest passage, all voices together, copied from a training piece.

    Found by bisection.
    """
    rows = [np.ascontiguousarray(sounding(piece)) for piece in pieces]
    known = [np.ascontiguousarray(sounding(piece)) for piece in training]

    def windows(piece, length):
        data = piece.tobytes()
        width = piece.shape[1] * piece.itemsize
        return {
            data[start * width : (start + length) * width]
            for start in range(len(piece) - length + 1)
        }

    def copied(length):
        wanted = set().union(*(windows(piece, length) for piece in rows))
        return any(not wanted.isdisjoint(windows(piece, length)) for piece in known)

    low, high = 0, max(map(len, rows), default=0)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if copied(middle) else (low, middle - 1)
    return low
