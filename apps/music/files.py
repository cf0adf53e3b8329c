"""MIDI files in, and a piece as MIDI, picture, score and sound out."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from apps.music import dataset
from apps.music.midi_folder import midi_roll
from common.errors import UserError
from common.music import (
    FREE,
    HIGHEST,
    HOLD,
    LOWEST,
    measures,
    midi,
    musicxml,
    notation,
    pictures,
    sound,
)
from data.readers import midi_files

VIOLIN, GUITAR, BASS = 40, 24, 32  # General MIDI programs, counted from 0
ROLL_STEPS = 4  # a frame of the published chorale rolls is a quarter


def read_midi(path, composer, wish):
    """(note code with FREE, or a roll; the wish with the file's metre) of a MIDI file.

    Voices: the melody, which is the track called soprano, melody or voice, else the first; its
    highest notes. Rolls: all tracks but drums.
    """
    file = midi_files.read(path)
    for reason, count in file.mended.items():
        print(f"warning: {path}: mended {count} times: {reason}", file=sys.stderr)
    tracks = [track for track in file.tracks if not track.drums]
    if not tracks:
        raise UserError(f"{path} has only drums: name a file with a melody")
    if composer.kind == "frames":
        return midi_roll(tracks), wish
    named = [t for t in tracks if t.name.lower().startswith(("soprano", "melody", "voice"))]
    melody = (named or tracks)[0]
    if len(tracks) > 1:
        print(f"note: {path}: only its melody, {melody.name!r}, is read", file=sys.stderr)
    cells = midi_files.grid(melody.notes)
    pitches = cells[cells > HOLD]
    if not pitches.size:
        raise UserError(f"{path}: no note of its melody lasts to the next sixteenth: slow it down")
    if pitches.min() < LOWEST or pitches.max() > HIGHEST:
        span = f"{notation.name(LOWEST)} to {notation.name(HIGHEST)}"
        raise UserError(f"{path} has notes outside the piano's range {span}: transpose it")
    notes = np.full([len(cells), len(composer.pipeline.limits)], FREE, np.int32)
    notes[:, 0] = cells
    metre = wish.bar or max(1, min(48, round(4 * file.bar)))
    return notes, replace(wish, bar=metre, pickup=wish.pickup or round(4 * file.pickup) % metre)


def tracks_of(composer, piece):
    if composer.kind == "frames":
        return [midi.roll_track(piece.notes, steps=ROLL_STEPS)]
    if composer.kind == "band":
        return band_tracks(piece.notes)
    names = [name.capitalize() for name in dataset.VOICES]
    return midi.voice_tracks(piece.notes, names)


def band_tracks(notes):
    """The five tracks of the band as four that can be heard: chords become a guitar and a bass."""
    chords = [(start, end, *divmod(n - LOWEST, 12)) for start, end, n in midi.events(notes[:, 1])]
    guitar = [
        (start, end, 52 + (root + tone - 52) % 12, 56)
        for start, end, quality, root in chords
        for tone in measures.CHORD_TONES[min(quality, len(measures.CHORD_TONES) - 1)]
    ]
    bass = [
        (start, end, 36 + root if root < 8 else 24 + root, 76) for start, end, _, root in chords
    ]
    hits = [
        (step, step + 1, int(cell), 72)
        for column in notes.T[2:]
        for step, cell in enumerate(column)
        if cell > HOLD
    ]
    return [
        midi.Track("Melody", midi.events(notes[:, 0]), VIOLIN),
        midi.Track("Chords", guitar, GUITAR),
        midi.Track("Bass", bass, BASS),
        midi.Track("Drums", hits, drums=True),
    ]


def write_files(name, composer, piece, wish):
    """Writes NAME.mid, NAME.png, NAME.wav, and NAME.musicxml of a piece in voices."""
    tracks = tracks_of(composer, piece)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    midi.write(f"{name}.mid", tracks, wish.tempo, wish.metre, wish.pickup)
    pictures.piano_roll(f"{name}.png", tracks, wish.metre, wish.pickup)
    sound.write(f"{name}.wav", tracks, wish.tempo)
    if composer.kind == "voices":
        musicxml.write(f"{name}.musicxml", tracks, wish.metre, wish.pickup, wish.tempo)
