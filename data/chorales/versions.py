"""Which chorales are versions of one another."""

import numpy as np

REPEATED = 0.95  # shared cells of what is the same but for a few notes
VERSION = 2 / 3  # another harmony to the same melody shares a half


def shared(one, other) -> float:
    """Share of the cells in which two chorales sound the same, in whatever key, 0 to 1.

    Args: of `sounding`; the longer one is compared as far as the shorter one goes. Of lengths that
    differ by more than a quarter nothing is shared.
    """
    shorter, longer = sorted((len(one), len(other)))
    if shorter < 0.75 * longer:
        return 0.0
    one, other = one[:shorter], other[:shorter]
    distances = (one - other)[(one > 0) & (other > 0)]
    _, counts = np.unique(distances, return_counts=True)  # the commonest is that of the keys
    silent = np.count_nonzero((one == 0) & (other == 0))
    return float((counts.max(initial=0) + silent) / one.size)


def groups(heard) -> list[int]:
    """Of each of what `sounding` gave, the number of the first one that it is a version of,
    directly or by others between them (its own, where there is none before)."""
    first = list(range(len(heard)))
    for n, one in enumerate(heard):
        for m in range(n):
            if first[m] != first[n] and shared(one, heard[m]) >= VERSION:
                low, high = sorted((first[m], first[n]))
                first = [low if f == high else f for f in first]
    return first


def sounding(notes):
    """Note code int32 `[time, 4]` -> the same with what is held (1) written out, 0 for rests."""
    began = np.maximum.accumulate(np.where(notes == 1, 0, np.arange(len(notes))[:, None]), 0)
    return np.take_along_axis(notes, began, 0)
