"""Conditions: inputs of a network at each step besides the notes.

They are its place in the bar, the beats that remain, the key and, for the band, style, tempo and
density; each is a small integer with an embedding table of its own.
"""

import numpy as np
import tensorflow as tf

from apps.music.band import styles

LONGEST_BAR = 48  # steps
REMAINING = 16  # beats; more are counted as this many
KEY = 2  # place of the key among the conditions
CONDITIONS = (16 + LONGEST_BAR, REMAINING, 25)  # table sizes: place, remaining, key (0: unknown)
BAND_CONDITIONS = (*CONDITIONS, *styles.SIZES)  # and style, tempo, density


def step_conditions(time, facts):
    """Conditions int32 `[batch, time, n]` of `time` steps; traceable.

    Args:
        facts: int32 `[batch, n]`: steps in a bar; steps before the first whole bar; key (0 to 23);
            for the band also style, tempo and density. -1 is unknown.
    """
    step = tf.range(time)[None]
    place = _place(tf, step, facts[:, :1], facts[:, 1:2])
    remaining = tf.minimum((time - 1 - step) // 4, REMAINING - 1) + tf.zeros_like(place)
    rest = tf.repeat(facts[:, None, 2:] + 1, time, axis=1)
    return tf.concat([tf.stack([place, remaining], -1), rest], -1)


def condition_array(time, facts, after=0):
    """The same for one piece, in numpy: `[time, n]`.

    Args:
        facts: as for `step_conditions`, `[n]`.
        after: steps of the piece that follow these `time` steps.
    """
    step = np.arange(time)
    remaining = np.minimum((after + time - 1 - step) // 4, REMAINING - 1)
    rest = np.repeat(np.asarray(facts[2:])[None] + 1, time, 0)
    return np.column_stack([_place(np, step, facts[0], facts[1]), remaining, rest])


def _place(module, step, bar, pickup):
    # Bars of four quarters have places of their own: the third beat of 4/4 is not that of 3/4.
    place = (step - pickup) % bar
    return module.where(bar == 16, place, 16 + module.minimum(place, LONGEST_BAR - 1))
