"""Small music models with random weights, and random music, for the tests of the music app."""

from dataclasses import replace

import numpy as np

from apps.music.composer import Composer
from apps.music.config import TINY
from apps.music.frames.network import Frames
from apps.music.model import make_model
from apps.music.pipeline import Pipeline
from common.music import HOLD

FRAMES = replace(TINY.model, kind="frames")
SEQUENCE = replace(FRAMES, notes="sequence")
LIMITS = [[60, 79], [55, 72], [48, 67], [40, 60]]


def random_notes(time, voices=4, seed=0):
    """Note code with holds and rests, within LIMITS."""
    random = np.random.default_rng(seed)
    low = np.array([pair[0] for pair in LIMITS[:voices]])
    notes = low + random.integers(0, 8, [time, voices])
    kind = random.random([time, voices])
    notes = np.where(kind < 0.15, 0, notes)
    for step in range(1, time):
        holds = (kind[step] > 0.5) & (notes[step - 1] > 0)
        notes[step] = np.where(holds, HOLD, notes[step])
    return notes.astype(np.int32)


def random_roll(time, seed=0):
    return (np.random.default_rng(seed).random([time, 88]) < 0.04).astype(np.uint8)


def make_frames(notes):
    return Frames(replace(FRAMES, notes=notes))


def make_composer():
    config = replace(TINY, model=replace(TINY.model, units=16))
    return Composer(Pipeline(config, make_model(config.model, 4), LIMITS))


def make_band():
    config = replace(TINY, model=replace(TINY.model, kind="band"))
    limits = [[60, 79], [21, 28, 30, 33], [36, 36], [38, 43, 47], [42, 46, 49]]
    return Composer(Pipeline(config, make_model(config.model, 5), limits))
