"""What people ask of a model: a line of notes in, a piece out; the likelihood of a split."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from apps.music import data
from apps.music.wish import Wish
from common.errors import UserError
from common.music import FREE, HOLD, keys, notation, rolls

EXAMPLE = {"voices": 64, "frames": 8}  # steps of a line of examples.txt
EMPTY = 128  # steps of a piece from nothing


class Composition(NamedTuple):
    notes: np.ndarray  # note code `[time, voices]`, or a roll `[time, 88]`
    log_prob: float  # of what the model chose; of rolls not measured


class Composer:
    def __init__(self, pipeline):
        self.pipeline, self.kind, self._losses = pipeline, pipeline.kind, None
        cube = tf.TensorSpec([None, None, None], tf.int32)
        row, one = tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.float32)
        seed, number = tf.TensorSpec([2], tf.int32), tf.TensorSpec([], tf.int32)
        if self.kind == "voices":
            signature = [cube, row, row, row, one, seed]
            self.run = tf.function(pipeline.compose, input_signature=signature, autograph=False)
        else:
            signature = [cube, number, one, seed]
            self.run = tf.function(pipeline.continue_roll, input_signature=signature)

    def __call__(self, text="", wish=None, takes=1):
        """A line of notes (see common/music/notation.py) -> `takes` Compositions, or one."""
        return self.compose(self.read(text), wish, takes)[0]

    def read(self, text):
        """Text -> note code with FREE, or a roll."""
        if self.kind == "voices":
            return notation.read_voices(text, len(self.pipeline.limits))
        return notation.read_frames(text)

    def text(self, composition):
        write = notation.write_voices if self.kind == "voices" else notation.write_frames
        return write(composition.notes)

    def compose(self, given, wish=None, takes=1):
        """Note code with FREE (or a roll that the piece begins with) -> list of Compositions."""
        wish = wish or Wish()
        self._check(given)
        steps = wish.bars * wish.bar
        temperature, seed = tf.constant(wish.temperature, tf.float32), (wish.seed, 0)
        if self.kind == "frames":
            steps = max(steps or len(given) + EMPTY // 2, len(given))
            primer = tf.constant(np.repeat(given[None].astype(np.int32), takes, 0))
            found = self.run(primer, steps, temperature, seed).numpy()
            return [Composition(roll, 0.0) for roll in found]
        steps = max(steps or (len(given) if (given == FREE).any() else len(given) + EMPTY), 1)
        notes = np.full([steps, given.shape[1]], FREE, np.int32)
        notes[: min(steps, len(given))] = given[:steps]
        key = keys.parse(wish.key) if wish.key else -1
        if key < 0 and (given > HOLD).any():
            key = keys.estimate(rolls.pitch_classes(given))
        facts = (tf.fill([takes], fact) for fact in (wish.bar, wish.pickup, key))
        batch = tf.constant(np.repeat(notes[None], takes, 0))
        found, log_probs = self.run(batch, *facts, temperature, seed)
        return [Composition(*take) for take in zip(found.numpy(), log_probs.numpy(), strict=True)]

    def _check(self, given):
        """Notes that no training piece has in that voice are refused: nothing is known of them."""
        found = given if self.kind == "voices" else rolls.notes_of_roll(given)
        limits = self.pipeline.limits
        names = data.VOICES if self.kind == "voices" and len(limits) == 4 else ("model",)
        for voice in range(found.shape[1]):
            low, high = limits[min(voice, len(limits) - 1)]
            pitches = found[:, voice][found[:, voice] > HOLD]
            for pitch in (pitches.min(initial=low), pitches.max(initial=high)):
                if not low <= pitch <= high:
                    span = f"{notation.name(low)} to {notation.name(high)}"
                    raise UserError(
                        f"{notation.name(int(pitch))} is outside the range of the "
                        f"{names[min(voice, len(names) - 1)]}, {span}: transpose it"
                    )

    def example(self, piece):
        """The beginning of a piece as a line for `infer`: its first voice, or its first frames."""
        start = piece.notes[: EXAMPLE[self.kind]]
        if self.kind == "voices":
            return notation.write_voices(start[:, :1])
        return notation.write_frames(start)

    def likelihoods(self, pieces):
        """Mean nll of a split: a frame (2 to T), or a token by what is given; "loss" is the mean.

        Voices: `compose` with nothing given, `harmonise` with the first voice given.
        """
        config, model = self.pipeline.config, self.pipeline.model
        limits = self.pipeline.limits
        cases = {"loss": None}
        if self.kind == "voices":
            first = np.eye(len(limits), dtype=np.int32)[0]
            cases = {"compose": 0 * first}
            if len(limits) > 1:
                cases["harmonise"] = first
        scores = {}
        for name, given in cases.items():
            batches = data.make_batches(config, pieces, limits, training=False, given=given)
            self._losses = self._losses or tf.function(
                lambda arrays: model.token_losses(arrays, training=False),
                input_signature=[batches.signature],
            )
            sums = [self._losses(batches.arrays(batch)) for batch in batches.order(0)]
            _, count, total = (float(sum(column)) for column in zip(*sums, strict=True))
            scores[name] = total / max(count, 1)
        return {"loss": sum(scores.values()) / len(scores)} | scores
