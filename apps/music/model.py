"""The network of a run: `frames`, `voices` or `band`, see there."""

from apps.music import tokens
from apps.music.band import Band
from apps.music.frames import Frames
from apps.music.voices import Voices


def make_model(config, voices):
    """A built network for a ModelConfig; `voices`: number of streams of the data."""
    if config.kind == "frames":
        return Frames(config)
    if config.kind == "band":
        return Band(config)
    return Voices(config, voices, tokens.CONDITIONS)
