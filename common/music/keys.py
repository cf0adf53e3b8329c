"""Musical keys: names, scales, and key estimation (Krumhansl and Schmuckler)."""

import re

import numpy as np

from ..errors import UserError

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# Perceived stability of the twelve pitch classes over a tonic (Krumhansl and Kessler 1982).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 9, 10, 11)  # natural, with the raised sixth and seventh
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def estimate(histogram) -> int:
    """The key whose profile correlates best with a histogram of the 12 pitch classes.

    Returns:
        0 to 11 for major, 12 to 23 for minor, by tonic; C major for an empty histogram.
    """
    histogram = np.asarray(histogram, float)
    if not histogram.any():
        return 0
    profiles = [np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)]
    return int(np.argmax([np.corrcoef(histogram, profile)[0, 1] for profile in profiles]))


def scale(key: int) -> np.ndarray:
    """The pitch classes of a key's scale, bool `[12]` (in minor with both sixths and sevenths)."""
    inside = np.zeros(12, bool)
    inside[[(key + degree) % 12 for degree in (MAJOR_SCALE if key < 12 else MINOR_SCALE)]] = True
    return inside


def transpose(key: int, semitones: int) -> int:
    """The key of the same mode, `semitones` higher."""
    return key - key % 12 + (key + semitones) % 12


def name(key: int) -> str:
    """The name of a key, such as `D` or `F#m`."""
    return NAMES[key % 12] + ("m" if key >= 12 else "")


def parse(text: str) -> int:
    """Parses the name of a key, such as `D`, `Bb`, `F#m` or `e minor`, to 0 to 23.

    Raises:
        UserError: an unknown key.
    """
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭]?)\s*(m|min|minor|maj|major)?", text.strip())
    if not match:
        known = ", ".join(name(key) for key in range(24))
        raise UserError(f"unknown key {text!r}: choose one of {known}")
    letter, sign, mode = match.groups()
    tonic = SEMITONES[letter.upper()] + {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[sign]
    minor = mode in ("m", "min", "minor") or (mode is None and letter.islower())
    return tonic % 12 + 12 * minor


def signature(text: str):
    """(fifths, whether it is minor) of a key as it was typed: C# has 7 sharps, Db 5 flats.

    A key beyond 7 signs, such as G#, has the signature of its enharmonic.

    Raises: UserError as `parse` does.
    """
    key, text = parse(text), text.strip()
    signs = {"#": 7, "♯": 7, "b": -7, "♭": -7}.get(text[1:2], 0)
    written = "FCGDAEB".index(text[0].upper()) - 1 + signs - 3 * (key >= 12)
    return (written if abs(written) <= 7 else fifths(key)), key >= 12


def fifths(key: int) -> int:
    """The key signature: number of sharps, or minus the number of flats, -5 to 6."""
    major = key if key < 12 else (key + 3) % 12
    return (major * 7 + 5) % 12 - 5
