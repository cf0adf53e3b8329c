"""Makes the network of a run: `frames`, `voices` or `band`, see there."""

from apps.music.band.network import Band
from apps.music.frames.network import Frames
from apps.music.voices.conditions import CONDITIONS
from apps.music.voices.network import Voices


def make_model(config, voices):
    """A built network.

    Args:
        config: a ModelConfig.
        voices: number of streams of the data.
    """
    if config.kind == "frames":
        return Frames(config)
    if config.kind == "band":
        return Band(config)
    return Voices(config, voices, CONDITIONS)
