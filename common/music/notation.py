"""Text notation of music: parsers and writers.

A voice is a line of notes `G4 A4:0.5 B4:0.5 -:2`: a name (or MIDI number) and, after a colon, the
length in quarters; without a colon a note is as long as the previous note (the first: 1). `-` is a
rest. Voices are separated by ` | `, from highest to lowest.
A roll is a line of frames `C4+E4+G4 C4+E4+G4 -`, one per step.
"""

import re

import numpy as np

from ..errors import UserError
from . import FREE, HIGHEST, HOLD, LOWEST, REST, STEPS_PER_QUARTER
from .keys import NAMES, SEMITONES

LONGEST = 4096  # steps that a text may have


def name(pitch: int) -> str:
    """The name of a MIDI number: 60 -> `C4`."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def pitch(text: str) -> int:
    """Parses a note such as `C4`, `F#3`, `Bb5` or `60` to its MIDI number.

    Raises:
        UserError: not a note, or outside the range of a piano.
    """
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭]{0,2})(-?\d)", text)
    if match:
        letter, signs, octave = match.groups()
        shift = sum({"#": 1, "♯": 1, "b": -1, "♭": -1}[sign] for sign in signs)
        number = 12 * (int(octave) + 1) + SEMITONES[letter.upper()] + shift
    elif re.fullmatch(r"\d{1,3}", text):
        number = int(text)
    else:
        raise UserError(f"{text!r} is not a note: write for example G4, Bb3, 67, or - for a rest")
    if not LOWEST <= number <= HIGHEST:
        raise UserError(f"{text} is outside the piano's range {name(LOWEST)} to {name(HIGHEST)}")
    return number


CHORDS = ("", "m", "7", "m7", "maj7", "dim", "sus4")
DRUMS = {"kick": 36, "snare": 38, "high": 50, "mid": 47, "low": 43}
DRUMS |= {"closed": 42, "open": 46, "crash": 49, "ride": 51}


def chord(text: str) -> int:
    """Parses a chord such as `Am7` to its number, LOWEST + 12 * quality + root.

    Raises:
        UserError: not a chord.
    """
    match = re.fullmatch(r"([A-G])([#b]?)(m|7|m7|maj7|dim|sus4)?", text)
    if not match:
        kinds = ", ".join(kind or "major" for kind in CHORDS)
        raise UserError(f"{text!r} is not a chord: write for example G, Em, A7; kinds are {kinds}")
    letter, sign, kind = match.groups()
    root = (SEMITONES[letter] + {"": 0, "#": 1, "b": -1}[sign]) % 12
    return LOWEST + 12 * CHORDS.index(kind or "") + root


def chord_name(number: int) -> str:
    """The inverse of `chord`; "?" for a number without a chord."""
    quality, root = divmod(number - LOWEST, 12)
    return NAMES[root] + CHORDS[quality] if quality < len(CHORDS) else "?"


def drum(text: str) -> int:
    """Parses the name of a drum such as `snare` to its General MIDI number.

    Raises:
        UserError: not a drum.
    """
    if text not in DRUMS:
        raise UserError(f"{text!r} is not a drum: choose one of {', '.join(DRUMS)}")
    return DRUMS[text]


def drum_name(number: int) -> str:
    """The inverse of `drum`; the number as text if it has no name."""
    return next((text for text, found in DRUMS.items() if found == number), str(number))


def _kind(voice):
    """(parser, writer) of the symbols of a voice, by its name."""
    if voice == "chords":
        return chord, chord_name
    if voice in ("kick", "snare", "cymbals"):
        return drum, drum_name
    return pitch, name


def read_voice(text: str, voice: str = "") -> np.ndarray:
    """Parses the text of one voice to note code int32 `[time]`.

    Args:
        text: the notes.
        voice: its name; "chords" and drums have their own symbols.

    Raises:
        UserError: an invalid symbol or length, or the voice is too long.
    """
    read = _kind(voice)[0]
    cells, steps = [], STEPS_PER_QUARTER
    for item in text.split():
        note, _, length = item.partition(":")
        if length:
            try:
                steps = round(float(length) * STEPS_PER_QUARTER)
            except (ValueError, OverflowError):
                steps = 0
            if not 0 < steps <= LONGEST:
                raise UserError(
                    f"{item!r} has no valid length: write quarters after the colon, at least 0.25"
                )
        cells += [REST] * steps if note == "-" else [read(note)] + [HOLD] * (steps - 1)
        if len(cells) > LONGEST:
            raise UserError(f"the voice is longer than {LONGEST} sixteenths: split it")
    return np.array(cells, np.int32)


def read_voices(text: str, voices: int, names=()) -> np.ndarray:
    """Parses `soprano | alto | ...` to note code int32 `[time, voices]`.

    Empty and missing voices are FREE, as are the steps after the end of a shorter voice.

    Args:
        text: the voices.
        voices: their number in the model.
        names: of the voices, see `read_voice`.

    Raises:
        UserError: as in `read_voice`, or too many voices.
    """
    parts = text.split("|")
    if len(parts) > voices:
        raise UserError(f"{len(parts)} voices are given: the model has {voices}, leave some out")
    names = [*names, *[""] * voices]
    columns = [read_voice(part, names[n]) for n, part in enumerate(parts)]
    time = max(map(len, columns))
    notes = np.full([time, voices], FREE, np.int32)
    for voice, column in enumerate(columns):
        notes[: len(column), voice] = column
    return notes


def write_voice(cells, voice: str = "") -> str:
    """Writes one voice in note code `[time]`, without FREE; the inverse of `read_voice`."""
    write = _kind(voice)[1]
    starts = [step for step in range(len(cells)) if _begins(cells, step)]
    ends = [*starts[1:], len(cells)]
    parts, length_before = [], 1.0
    for start, end in zip(starts, ends, strict=False):
        length = (end - start) / STEPS_PER_QUARTER
        note = write(int(cells[start])) if cells[start] > HOLD else "-"
        parts.append(note if length == length_before else f"{note}:{length:g}")
        length_before = length
    return " ".join(parts)


def _begins(cells, step) -> bool:
    """Whether a note or rest begins at a step rather than continues."""
    if step == 0:
        return True
    if cells[step] == REST:
        return cells[step - 1] != REST
    return cells[step] != HOLD


def write_voices(notes, names=()) -> str:
    """Writes note code `[time, voices]`, without FREE; the inverse of `read_voices`."""
    columns = np.asarray(notes).T
    names = [*names, *[""] * len(columns)]
    return " | ".join(write_voice(list(column), names[n]) for n, column in enumerate(columns))


def read_frames(text: str) -> np.ndarray:
    """Parses frames `C4+E4+G4 - ...` to a roll uint8 `[time, 88]`.

    Raises:
        UserError: an invalid note, or the roll is too long.
    """
    frames = text.split()
    if len(frames) > LONGEST:
        raise UserError(f"the roll is longer than {LONGEST} frames: split it")
    found = np.zeros([len(frames), HIGHEST - LOWEST + 1], np.uint8)
    for row, frame in zip(found, frames, strict=True):
        if frame != "-":
            row[[pitch(note) - LOWEST for note in frame.split("+")]] = 1
    return found


def write_frames(found) -> str:
    """Writes a roll `[time, 88]`; the inverse of `read_frames`."""
    rows = [[name(LOWEST + int(key)) for key in np.flatnonzero(row)] for row in found]
    return " ".join("+".join(row) or "-" for row in rows)
