"""Notes in, notes out, in TensorFlow operations only: what evaluate, infer and export all run."""

import tensorflow as tf

from apps.music import frames
from apps.music import tokens as code
from apps.music.model import make_model
from common.decoding import sample
from common.files import read_json
from common.music import KEYS
from common.restore import best_weights


class Pipeline(tf.Module):
    """A model and its sampler as functions from note code or rolls to the same.

    Attributes are what an export has to carry: the raw variables. The Keras model itself is
    reached through a closure: as an attribute it would hide its variables from TensorFlow Serving.
    """

    def __init__(self, config, model, limits):
        super().__init__()
        self.config, self.kind = config, config.model.kind
        self.weights = [variable.value for variable in model.variables]
        self._model, self._limits = lambda: model, lambda: limits

    @property
    def model(self):
        return self._model()

    @property
    def limits(self):
        """Lowest and highest note of each voice in the training pieces."""
        return self._limits()

    # Voices -------------------------------------------------------------------------------------

    def compose(self, notes, bar, pickup, key, temperature, seed):
        """Note code int32 `[batch, time, voices]`, FREE where the model is to choose -> the same
        without FREE, and the log-probability `[batch]` of what it chose. Traceable.

        `bar`, `pickup` (steps) and `key` (0 to 23, -1: unknown) are int32 `[batch]`.
        """
        batch, time, voices = tf.unstack(tf.shape(notes))
        conditions = code.conditions(time, bar, pickup, key)
        step = self.model.step(code.from_code(notes), conditions, self.limits)
        found = sample(
            step,
            self.model.first_state(batch),
            batch,
            time * voices,
            seed=seed,
            temperature=temperature,
        )
        chosen = tf.reshape(found.tokens, [batch, time, voices])
        return code.to_code(chosen), found.log_probs[:, 0]

    def score_voices(self, notes, given, bar, pickup, key):
        """-log P of the voices that are not given (`given` int32 `[voices]`), nats `[batch]`."""
        tokens = code.from_code(notes)
        conditions = code.conditions(tf.shape(notes)[1], bar, pickup, key)
        given = tf.broadcast_to(given, [tf.shape(notes)[0], tf.shape(notes)[2]])
        return self.model.nll((tokens, given, conditions))

    # Frames -------------------------------------------------------------------------------------

    def continue_roll(self, primer, steps, temperature, seed):
        """Roll int32 `[batch, any, 88]` -> roll `[batch, steps, 88]` that begins with it."""
        batch = tf.shape(primer)[0]
        flat = frames.frame_tokens(tf.reshape(tf.cast(primer, tf.float32), [-1, KEYS]))
        flat = tf.reshape(flat, [batch, -1])
        # PAD inside a row would end the primer: rows are packed to the left.
        packed = tf.ragged.boolean_mask(flat, flat > 0).to_tensor(0)
        found = sample(
            self.model.step(packed, steps),
            self.model.first_state(batch),
            batch,
            (frames.MOST_NOTES + 1) * steps + 1,
            seed=seed,
            temperature=temperature,
        )
        tokens = found.tokens[:, 0]  # [batch, longest]
        frame = tf.cumsum(tf.cast(tokens == frames.END, tf.int32), -1)
        key = tokens - frames.FIRST
        row = tf.broadcast_to(tf.range(batch)[:, None], tf.shape(tokens))
        places = tf.boolean_mask(tf.stack([row, frame, key], -1), key >= 0)
        ones = tf.ones([tf.shape(places)[0]], tf.int32)
        return tf.scatter_nd(places, ones, [batch, steps, KEYS])

    def score_rolls(self, rolls, lengths):
        """-log P of frames 2 to the length of each roll, nats `[batch]`."""
        losses = self.model.frame_nll(tf.cast(rolls, tf.float32))
        place = tf.range(tf.shape(rolls)[1])[None]
        return tf.reduce_sum(tf.where((place >= 1) & (place < lengths[:, None]), losses, 0.0), -1)


def load(run, *, without_cudnn=False):
    """The pipeline of a run with its best weights, and what is known about them."""
    limits = read_json(run.path / "ranges.json")
    model = make_model(run.config.model, len(limits))
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(run.config, model, limits), meta
