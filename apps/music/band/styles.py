"""Style, tempo and density: inputs of the band besides key and place; -1 is unknown."""

import numpy as np

from common.errors import UserError

# Of the nottingham set and of the groove set; all of POP909 is pop.
TUNES = ("jig", "reel", "hornpipe", "waltz", "slip jig", "morris", "playford", "ashover", "carol")
DRUMS = ("rock", "funk", "jazz", "latin", "hiphop", "soul", "afrocuban", "punk", "neworleans")
DRUMS += ("country", "reggae", "gospel", "afrobeat", "dance", "blues", "middleeastern", "highlife")
BARS = {"jig": 12, "slip jig": 18, "waltz": 12}  # sixteenths; all others have 16
BEATS = {"jig": 8, "slip jig": 8}  # note value of a beat; of all others 4
TONAL = (*TUNES, "pop")
STYLES = (*TONAL, *DRUMS)
TEMPOS = (70, 90, 110, 140)  # quarters per minute at which the next class begins
DENSITIES = (0.2, 0.3, 0.4, 0.55)  # share of sixteenths in which a note begins
SIZES = (1 + len(STYLES), 2 + len(TEMPOS), 2 + len(DENSITIES))  # with unknown


def style(name: str) -> int:
    """The number of a style; -1 for no name.

    Raises: UserError for an unknown name, listing the known ones.
    """
    if not name:
        return -1
    if name not in STYLES:
        raise UserError(f"there is no style {name!r}: choose one of {', '.join(STYLES)}")
    return STYLES.index(name)


def tempo(quarters: float) -> int:
    """The class of a tempo in quarters per minute."""
    return int(np.searchsorted(TEMPOS, quarters, "right"))


def density(share: float, drums=False) -> int:
    """The class of a share of steps with onsets; drums, with about twice as many, count half."""
    return int(np.searchsorted(DENSITIES, share / 2 if drums else share, "right"))
