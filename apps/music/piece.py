"""A piece of a data set, as every part of the app handles it."""

from typing import NamedTuple

import numpy as np


class Piece(NamedTuple):
    """One piece; `notes` in the note code `[time, voices]`, or a roll uint8 `[time, 88]`."""

    id: str
    notes: np.ndarray
    bar: int = 16  # steps; meaningless for a roll
    pickup: int = 0  # steps before the first whole bar
    key: int = -1  # 0 to 23 as in common.music.keys
    after: int = 0  # steps of the whole piece that follow these, where it was cropped
    more: tuple = ()  # of the band: style, tempo, density, see band/styles.py
