"""Reads chord symbols as numbers: 21 + 12 * quality + root, the same in every set.

The numbers are among the 88 of a piano's keys, so that a track of chords is written like a voice:
a number where a chord begins, 1 where it is held, 0 where there is none.
"""

FIRST = 21
QUALITIES = ("", "m", "7", "m7", "maj7", "dim", "sus4")
# Semitones over the root -> quality; others are simplified to their third and seventh.
SHAPES = {
    (0, 4, 7): 0,
    (0, 3, 7): 1,
    (0, 4, 7, 10): 2,
    (0, 3, 7, 10): 3,
    (0, 4, 7, 11): 4,
    (0, 3, 6): 5,
    (0, 5, 7): 6,
}
ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def of_pitches(pitches) -> int:
    """The number of a chord whose lowest note is its root."""
    root = min(pitches)
    shape = tuple(sorted({(pitch - root) % 12 for pitch in pitches}))
    if shape not in SHAPES:
        third = 1 if 3 in shape and 4 not in shape else 0
        shape_quality = third + 2 * (10 in shape)
        return FIRST + 12 * shape_quality + root % 12
    return FIRST + 12 * SHAPES[shape] + root % 12


def of_label(label) -> int:
    """The number of a label as annotations write it (`Eb:min7/5`), 0 for no chord (`N`)."""
    root, _, quality = label.partition(":")
    if root[:1] not in ROOTS:
        return 0
    pitch = ROOTS[root[0]] + root.count("#") - root.count("b")
    quality = quality.partition("/")[0].partition("(")[0]
    if quality.startswith(("dim", "hdim")):
        number = 5
    elif quality.startswith("sus"):
        number = 6
    elif quality.startswith("maj7"):
        number = 4
    elif quality.startswith("min"):
        number = 3 if "7" in quality else 1
    else:
        number = 2 if quality.startswith(("7", "9", "11", "13")) else 0
    return FIRST + 12 * number + pitch % 12


def grid(spans, steps):
    """A track of chords, int32 `[steps]`; a chord that follows itself is held.

    Args:
        spans: (first step, step after the last one, number) of each chord.
    """
    import numpy as np

    cells = np.zeros([steps], np.int32)
    sounding = np.zeros([steps], np.int32)
    for start, end, number in spans:
        if number and start < end:
            cells[start:end], sounding[start:end] = 1, number
            if not (start and sounding[start - 1] == number):
                cells[start] = number
    return cells
