"""Finds chorales that are versions of each other."""

import numpy as np

REPEATED = 0.95  # share of equal cells when only a few notes differ
VERSION = 2 / 3  # another harmony to the same melody shares about a half


def shared(one, other) -> float:
    """Share of cells in which two chorales are equal after transposition, 0 to 1.

    Args:
        one, other: from `sounding`. The longer one is cut to the length of the shorter one; lengths
            that differ by more than a quarter give 0.
    """
    shorter, longer = sorted((len(one), len(other)))
    if shorter < 0.75 * longer:
        return 0.0
    one, other = one[:shorter], other[:shorter]
    distances = (one - other)[(one > 0) & (other > 0)]
    _, counts = np.unique(distances, return_counts=True)  # the most common is that of the keys
    silent = np.count_nonzero((one == 0) & (other == 0))
    return float((counts.max(initial=0) + silent) / one.size)


def groups(heard) -> list[int]:
    """For each chorale the number of the first one that it is a version of, else its own.

    Being a version is transitive.

    Args:
        heard: from `sounding`, a list.
    """
    first = list(range(len(heard)))
    for n, one in enumerate(heard):
        for m in range(n):
            if first[m] != first[n] and shared(one, heard[m]) >= VERSION:
                low, high = sorted((first[m], first[n]))
                first = [low if f == high else f for f in first]
    return first


def sounding(notes):
    """Replaces holds (1) by the note that is held, in note code int32 `[time, 4]`; rests stay 0."""
    began = np.maximum.accumulate(np.where(notes == 1, 0, np.arange(len(notes))[:, None]), 0)
    return np.take_along_axis(notes, began, 0)
