"""Writer of WAV files: by FluidSynth if it and a sound font are installed, else from sine waves."""

import io
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from .. import files
from . import midi

RATE = 22050  # samples per second
FONTS = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts")


def write(path, tracks, tempo=100.0):
    """Writes a 16-bit WAV file, mono (FluidSynth: stereo).

    Args:
        path: of the file.
        tracks: list of `common.music.midi.Track`.
        tempo: quarters per minute.
    """
    font = next((f for folder in FONTS for f in sorted(Path(folder).glob("*.sf[23]"))), None)
    if font and shutil.which("fluidsynth"):
        with tempfile.TemporaryDirectory() as folder:
            song, sound = Path(folder, "song.mid"), Path(folder, "song.wav")
            midi.write(song, tracks, tempo)
            command = ["fluidsynth", "-ni", "-F", sound, "-r", str(RATE), font, song]
            done = subprocess.run(command, capture_output=True)
            if not done.returncode and sound.exists():
                with files.atomic(path, "wb") as file:
                    file.write(sound.read_bytes())
                return
    samples = synthesise(tracks, tempo)
    with files.atomic(path, "wb") as file, wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples * 32767).astype("<i2").tobytes())


def synthesise(tracks, tempo=100.0):
    """Synthesises float64 `[samples]` in -1 to 1: sines with overtones by pretty_midi, and noise
    for drums. Arguments as for `write`."""
    import pretty_midi

    samples = np.zeros(1)
    melodic = [track for track in tracks if track.notes and not track.drums]
    if melodic:  # for silence pretty_midi computes 0 / 0
        content = io.BytesIO()
        midi.to_mido(melodic, tempo).save(file=content)
        content.seek(0)
        samples = pretty_midi.PrettyMIDI(content).synthesize(fs=RATE, wave=_organ)
    drums = _drums(tracks, tempo, len(samples))
    samples = np.pad(samples, (0, max(0, len(drums) - len(samples)))) * 0.8
    samples[: len(drums)] += drums
    return samples / max(1.0, np.abs(samples).max(initial=0))


def _organ(phase):
    """A wave with a few overtones, fuller than a pure sine."""
    return (np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.15 * np.sin(3 * phase)) / 1.55


def _drums(tracks, tempo, length):
    """Bursts of sound: a low sine for the kick, noise for other drums, shortest for cymbals."""
    second = 60 / tempo / 4  # seconds per step
    random = np.random.default_rng(0)
    hits = [note for track in tracks if track.drums for note in track.notes]
    found = np.zeros(max([length, *(int((n[0] * second + 0.3) * RATE) for n in hits)]))
    time = np.arange(int(0.25 * RATE)) / RATE
    for start, _, pitch, *_ in hits:
        if pitch in (35, 36):
            burst = np.sin(2 * np.pi * 60 * time) * np.exp(-time / 0.06)
        else:
            burst = random.standard_normal(len(time)) * np.exp(
                -time / (0.05 if pitch < 42 else 0.02)
            )
        at = int(start * second * RATE)
        found[at : at + len(burst)] += 0.3 * burst[: len(found) - at]
    return found
