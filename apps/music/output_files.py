"""Writes a composed piece as MIDI, picture, score and sound."""

from pathlib import Path

from apps.music.band.arrangement import arrange
from apps.music.dataset import VOICES
from common.music import midi, musicxml, pictures, sound

ROLL_STEPS = 4  # a frame of the published chorale rolls is a quarter


def tracks_of(composer, piece):
    """A Composition -> list of common.music.midi.Track."""
    if composer.kind == "frames":
        return [midi.roll_track(piece.notes, steps=ROLL_STEPS)]
    if composer.kind == "band":
        return arrange(piece.notes)
    return midi.voice_tracks(piece.notes, [name.capitalize() for name in VOICES])


def write_files(name, composer, piece, request):
    """Writes NAME.mid, NAME.png, NAME.wav, and of a piece in voices NAME.musicxml."""
    tracks = tracks_of(composer, piece)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    midi.write(f"{name}.mid", tracks, request.tempo, request.metre, request.pickup)
    pictures.piano_roll(f"{name}.png", tracks, request.metre, request.pickup)
    sound.write(f"{name}.wav", tracks, request.tempo)
    if composer.kind == "voices":
        musicxml.write(f"{name}.musicxml", tracks, request.metre, request.pickup, request.tempo)
