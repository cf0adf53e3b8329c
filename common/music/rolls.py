"""Conversions between note code, sounding pitches, piano rolls and pitch classes."""

import numpy as np

from . import HIGHEST, HOLD, KEYS, LOWEST


def sounding(notes):
    """The sounding MIDI number of each cell, 0 for none, of note code int `[time, voices]`."""
    notes = np.asarray(notes)
    began = np.where(notes == HOLD, 0, np.arange(len(notes))[:, None])
    began = np.maximum.accumulate(began, 0) if len(notes) else began
    pitches = np.take_along_axis(notes, began, 0) if len(notes) else notes
    return np.where(pitches > HOLD, pitches, 0)


def cut(notes, start, end=None):
    """Cuts steps `start` to `end` out of a piece; a note held into them begins anew."""
    part = np.array(notes[start:end])
    if start and len(part):
        part[0] = np.where(part[0] == HOLD, sounding(notes[: start + 1])[-1], part[0])
    return part


def roll(notes):
    """Converts note code `[time, voices]` to a roll uint8 `[time, 88]`, dropping other pitches."""
    pitches = sounding(notes)
    found = np.zeros([len(pitches), KEYS], np.uint8)
    step, voice = np.nonzero((pitches >= LOWEST) & (pitches <= HIGHEST))
    found[step, pitches[step, voice] - LOWEST] = 1
    return found


def pitch_classes(notes):
    """The number of sounding steps of each pitch class, int `[12]`."""
    pitches = sounding(notes)
    return np.bincount(pitches[pitches > 0] % 12, minlength=12)


def notes_of_roll(found):
    """Converts a roll `[time, 88]` to note code, with a column per simultaneous note, lowest last.

    A key that keeps sounding is held: a roll does not distinguish repeated from held notes.
    """
    found = np.asarray(found) > 0
    most = max(1, int(found.sum(1).max(initial=0)))
    notes = np.zeros([len(found), most], np.int32)
    holder = {}  # key -> its column in the previous step
    for step, row in enumerate(found):
        keys = np.flatnonzero(row)[::-1]
        now = {key: holder[key] for key in keys if key in holder}
        free = [column for column in range(most) if column not in now.values()]
        for key in keys:
            if key in now:
                notes[step, now[key]] = HOLD
            else:
                now[key] = free.pop(0)
                notes[step, now[key]] = LOWEST + key
        holder = now
    return notes
