"""Writes a composed piece as MIDI, picture, score and sound."""

from pathlib import Path

from apps.music.band.arrangement import arrange
from apps.music.composer import FRAME
from apps.music.dataset import VOICES
from common.music import keys, midi, musicxml, pictures, sound


def tracks_of(composer, piece):
    """A Composition -> list of common.music.midi.Track."""
    if composer.kind == "frames":
        return [midi.roll_track(piece.notes, steps=FRAME)]
    if composer.kind == "band":
        return arrange(piece.notes)
    return midi.voice_tracks(piece.notes, [name.capitalize() for name in VOICES])


def write_files(name, composer, piece, request):
    """Writes NAME.mid, NAME.png, NAME.wav, and of a piece in voices NAME.musicxml."""
    tracks = tracks_of(composer, piece)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    metre, tempo = (request.metre, request.pickup), request.quarters
    key = keys.signature(request.key) if request.key else None
    midi.write(f"{name}.mid", tracks, tempo, *metre, request.beat, key)
    pictures.piano_roll(f"{name}.png", tracks, *metre)
    sound.write(f"{name}.wav", tracks, tempo)
    if composer.kind == "voices":
        musicxml.write(f"{name}.musicxml", tracks, *metre, tempo, request.beat, key)
