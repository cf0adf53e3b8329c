"""Writer of standard MIDI files, with track names, programs, tempo and metre."""

import io
from typing import NamedTuple

import mido
import numpy as np

from .. import files
from . import HOLD, STEPS_PER_QUARTER, time_signature
from .rolls import notes_of_roll

TICKS = 480  # per quarter
CHOIR, PIANO = 52, 0  # General MIDI programs, counted from 0
DRUM_CHANNEL = 9
# By key signature, from 7 flats to 7 sharps.
MAJORS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINORS = tuple(f"{tonic}m" for tonic in ("Ab", "Eb", "Bb", *MAJORS[6:], "G#", "D#", "A#"))


class Track(NamedTuple):
    """A track: `notes` are (start, end, pitch) in steps, or (start, end, pitch, velocity)."""

    name: str
    notes: list
    program: int = PIANO
    drums: bool = False


def events(cells):
    """Converts one voice in note code `[time]` to a list of (start, end, pitch)."""
    found, start = [], None
    for step, cell in enumerate([*cells, 0]):
        if cell != HOLD:
            if start is not None:
                found.append((start, step, int(cells[start])))
            start = step if cell > HOLD else None
    return found


def voice_tracks(notes, names, program=CHOIR):
    """Converts note code `[time, voices]` to a list of tracks, one per voice."""
    return [
        Track(name, events(column), program)
        for name, column in zip(names, np.asarray(notes).T, strict=True)
    ]


def roll_track(roll, name="piano", steps=1):
    """Converts a roll `[time, 88]` to one track; a frame lasts `steps` sixteenths."""
    notes = [note for column in notes_of_roll(roll).T for note in events(column)]
    return Track(name, [(start * steps, end * steps, pitch) for start, end, pitch in notes])


def write(path, tracks, tempo=100.0, bar=16, pickup=0, unit=0, key=None):
    """Writes a format 1 file.

    Args:
        path: of the file.
        tracks: list of `Track`.
        tempo: quarters per minute.
        bar: sixteenths in a bar.
        pickup: sixteenths before the first whole bar, which become a short bar.
        unit: note value of a beat, see `common.music.time_signature`.
        key: (fifths, whether it is minor), written as a key signature.
    """
    content = io.BytesIO()
    to_mido(tracks, tempo, bar, pickup, unit, key).save(file=content)
    with files.atomic(path, "wb") as file:
        file.write(content.getvalue())


def to_mido(tracks, tempo=100.0, bar=16, pickup=0, unit=0, key=None):
    """A mido.MidiFile; arguments as for `write`."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
    if key:
        name = (MINORS if key[1] else MAJORS)[key[0] + 7]
        head.append(mido.MetaMessage("key_signature", key=name))
    tick = TICKS // STEPS_PER_QUARTER
    if pickup:
        head.append(_metre(pickup, unit, 0))
    head.append(_metre(bar, unit, pickup * tick))
    file.tracks.append(head)
    channels = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    for number, track in enumerate(tracks):
        channel = DRUM_CHANNEL if track.drums else channels[number % len(channels)]
        file.tracks.append(_track(track, channel, tick))
    return file


def _metre(steps, unit, time):
    top, bottom = time_signature(steps, unit)
    return mido.MetaMessage("time_signature", numerator=top, denominator=bottom, time=time)


def _track(track, channel, tick):
    found = mido.MidiTrack()
    found.append(mido.MetaMessage("track_name", name=track.name))
    if not track.drums:
        found.append(mido.Message("program_change", program=track.program, channel=channel))
    messages = []
    for start, end, pitch, *velocity in track.notes:
        loud = velocity[0] if velocity else 80
        messages.append((start * tick, 1, pitch, loud))
        messages.append((end * tick, 0, pitch, 0))  # sorted before the notes that begin here
    now = 0
    for at, on, pitch, loud in sorted(messages):
        kind = "note_on" if on else "note_off"
        at = round(at)
        found.append(mido.Message(kind, note=pitch, velocity=loud, channel=channel, time=at - now))
        now = at
    return found
