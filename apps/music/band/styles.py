"""What the band is told beside key and place: style, tempo, density; classes from 0, -1 unknown."""

import numpy as np

from common.errors import UserError

# Of the nottingham set, of POP909 (all of it), and of the groove set.
TUNES = ("jig", "reel", "hornpipe", "waltz", "slip jig", "morris", "playford", "ashover", "carol")
DRUMS = ("rock", "funk", "jazz", "latin", "hiphop", "soul", "afrocuban", "punk", "neworleans")
DRUMS += ("country", "reggae", "gospel", "afrobeat", "dance", "blues", "middleeastern", "highlife")
BARS = {"jig": 12, "slip jig": 18, "waltz": 12}  # sixteenths; of all others 16
TONAL = (*TUNES, "pop")
STYLES = (*TONAL, *DRUMS)
TEMPOS = (70, 90, 110, 140)  # quarters a minute at which the next class begins
DENSITIES = (0.2, 0.3, 0.4, 0.55)  # share of sixteenths in which a note begins
SIZES = (1 + len(STYLES), 2 + len(TEMPOS), 2 + len(DENSITIES))  # with unknown


def style(name: str) -> int:
    """UserError names the known ones; no name is -1, unknown."""
    if not name:
        return -1
    if name not in STYLES:
        raise UserError(f"there is no style {name!r}: choose one of {', '.join(STYLES)}")
    return STYLES.index(name)


def tempo(quarters: float) -> int:
    return int(np.searchsorted(TEMPOS, quarters, "right"))


def density(share: float, drums=False) -> int:
    """Drums hit about twice as often as a melody begins a note: they are counted half."""
    return int(np.searchsorted(DENSITIES, share / 2 if drums else share, "right"))
