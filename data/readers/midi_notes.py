"""Pairs note-ons and note-offs, in linear time.

A note-off ends the oldest open note of its pitch; so one at the tick of a new strike, or shortly
after it, belongs to the note before. Where note-offs are missing, pairs are sought from the end,
and a note without one lasts to the next strike of its pitch, or to the end of its track: one lost
note-off does not move those that follow it.
"""

from collections import deque

import numpy as np


def pair(keys, times, on, ends, slack):
    """Finds the end of each note.

    Args:
        keys: int `[messages]`, equal for messages of one pitch of one channel of one track.
        times: int `[messages]`, ascending for each key.
        on: bool `[messages]`, whether it begins a note.
        ends: int `[messages]`, when the message's track ends.
        slack: where note-offs are missing, one that comes so soon after a strike is not its own.

    Returns: (int `[notes]`, numbers of the messages that begin them, int `[notes]`, when they end,
        number of notes that have no note-off).
    """
    if not on.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64), 0
    order = np.argsort(keys, kind="stable")
    keys, times, on = keys[order], times[order], on[order]
    new = np.append(True, keys[1:] != keys[:-1])
    first, group = np.flatnonzero(new), np.cumsum(new) - 1
    change = np.where(on, 1, -1)
    total = np.cumsum(change)
    total -= (total - change)[first][group]  # of each key: strikes less note-offs
    # How far that has been below 0: by note-offs that end nothing.
    far = 2 * len(keys) * group  # keeps what is below 0 in one key from the next one
    low = np.minimum.accumulate(np.minimum(total, 0) - far) + far
    idle = low < np.where(new, 0, np.append(0, low[:-1]))
    strikes, offs = np.flatnonzero(on), np.flatnonzero(~on & ~idle)
    struck, ended = (np.bincount(group[n], minlength=len(first)) for n in (strikes, offs))
    rank = np.arange(len(strikes)) - (np.cumsum(struck) - struck)[group[strikes]]
    stops = np.zeros(len(keys), np.int64)
    stops[strikes[rank < ended[group[strikes]]]] = times[offs]
    # Keys that lack note-offs, from the last time when none of their notes was open.
    place = np.arange(len(keys))
    silent = np.maximum.accumulate(np.where(total == low, place, -1))
    last = np.append(first[1:], len(keys)) - 1
    tail = np.flatnonzero((struck > ended)[group] & (place > silent[last][group]))
    lists = (values.tolist() for values in (keys[tail], times[tail], on[tail], ends[order[tail]]))
    stops[tail], lost = _from_the_end(*lists, slack)
    begun = np.argsort(order[strikes], kind="stable")
    return order[strikes][begun], stops[strikes][begun], lost


def _from_the_end(keys, times, on, ends, slack):
    stops, lost, key = [0] * len(keys), 0, None
    for n in reversed(range(len(keys))):
        if keys[n] != key:
            key, waiting, following = keys[n], deque(), ends[n]
        if not on[n]:
            waiting.append(times[n])
            continue
        if waiting and waiting[0] > times[n] + slack:
            stops[n] = waiting.popleft()
        else:
            stops[n] = following
            lost += 1
        following = times[n]
    return stops, lost
