"""The network of a run: `frames` or `voices`, see there."""

from apps.music import tokens
from apps.music.frames import Frames
from apps.music.voices import Voices


def make_model(config, voices):
    """A built network for a ModelConfig; `voices`: number of streams of the data."""
    if config.kind == "frames":
        return Frames(config)
    return Voices(config, voices, tokens.CONDITIONS)
