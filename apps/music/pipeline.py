"""Notes in, notes out, in TensorFlow operations only: what evaluate, infer and export all run."""

from dataclasses import replace

import tensorflow as tf

from apps.music.band import styles
from apps.music.band.network import LAYERS, own_style
from apps.music.frames import decoding as frame_decoding
from apps.music.frames import frame_tokens
from apps.music.model import make_model
from apps.music.voices import decoding as voice_decoding
from apps.music.voices import voice_tokens
from apps.music.voices.conditions import step_conditions
from common import serving
from common.decoding import Sampling, run_search
from common.files import read_json
from common.music import HOLD, KEYS
from common.runs import best_weights


class Pipeline(serving.Pipeline):
    """A model and its sampler as functions from note code or rolls to the same."""

    def __init__(self, config, model, limits):
        super().__init__(model)
        self.config, self.kind = config, config.model.kind
        self._limits = lambda: limits  # no attribute: lists would be tracked

    @property
    def limits(self):
        """The notes that each voice may have, see `dataset.ranges`."""
        return self._limits()

    # Voices and band ----------------------------------------------------------------------------

    def compose(self, notes, facts, temperature, seed):
        """Note code int32 `[batch, time, voices]`, FREE where the model is to choose -> the same
        without FREE, and the log-probability `[batch]` of what it chose. Traceable.

        `facts` int32 `[batch, 3 or 6]`: see `step_conditions` in voices/conditions.py.
        """
        if self.kind == "voices":
            return self._sample(self.model, notes, facts, self.limits, temperature, seed)
        layers, parts = [], self.model.parts
        for number, (name, (start, end, known)) in enumerate(LAYERS.items()):
            own = notes[..., start:end]
            if known:  # what the layers above have composed
                own = tf.concat([layers[0][0], own[..., known:]], -1)
            if name == "drums":
                facts = self._with_density(facts, layers[0][0])
            limits = self.limits[start:end]
            # Parts draw independently of each other.
            part_seed = tf.random.experimental.stateless_fold_in(seed, number)
            own_facts = own_style(name, facts)
            found, log_prob = self._sample(
                parts[name], own, own_facts, limits, temperature, part_seed
            )
            layers.append((found[..., known:], log_prob))
        return tf.concat([found for found, _ in layers], -1), sum(score for _, score in layers)

    def _sample(self, model, notes, facts, limits, temperature, seed):
        batch, time, voices = tf.unstack(tf.shape(notes))
        parallels = self.kind == "band" or self.config.parallels
        given, conditions = voice_tokens.from_notes(notes), step_conditions(time, facts)
        found = run_search(
            Sampling(seed, temperature),
            voice_decoding.step_function(model, given, conditions, limits, parallels),
            voice_decoding.first_state(model, batch),
            batch,
            time * voices,
            allowed=voice_decoding.allowed,
        )
        chosen = tf.reshape(found.tokens, [batch, time, voices])
        return voice_tokens.to_notes(chosen), found.log_probs[:, 0]

    def _with_density(self, facts, melody):
        """Facts whose unknown density is that of a melody: how often its notes begin."""
        share = tf.reduce_mean(tf.cast(melody[..., 0] > HOLD, tf.float32), 1)
        classes = tf.searchsorted(tf.constant(styles.DENSITIES), share, "right")
        density = tf.where(facts[:, 5] < 0, classes, facts[:, 5])
        return tf.concat([facts[:, :5], density[:, None]], 1)

    def score_voices(self, notes, given, facts):
        """-log P of the voices that are not given (`given` int32 `[voices]`), nats `[batch]`."""
        given = tf.broadcast_to(given, [tf.shape(notes)[0], tf.shape(notes)[2]])
        conditions = step_conditions(tf.shape(notes)[1], facts)
        return self.model.nll((voice_tokens.from_notes(notes), given, conditions))

    # Frames -------------------------------------------------------------------------------------

    def continue_roll(self, primer, steps, temperature, seed):
        """Roll int32 `[batch, any, 88]` -> roll `[batch, steps, 88]` that begins with it."""
        batch = tf.shape(primer)[0]
        flat = frame_tokens.from_rolls(tf.reshape(tf.cast(primer, tf.float32), [-1, KEYS]))
        flat = tf.reshape(flat, [batch, -1])
        # PAD inside a row would end the primer: rows are packed to the left.
        packed = tf.ragged.boolean_mask(flat, flat > 0).to_tensor(0)
        found = run_search(
            Sampling(seed, temperature),
            frame_decoding.step_function(self.model, packed, steps),
            frame_decoding.first_state(self.model, batch),
            batch,
            tf.shape(packed)[1] + (frame_tokens.MOST_NOTES + 1) * steps + 1,
        )
        tokens = found.tokens[:, 0]  # [batch, longest]
        frame = tf.cumsum(tf.cast(tokens == frame_tokens.END, tf.int32), -1)
        key = tokens - frame_tokens.FIRST
        row = tf.broadcast_to(tf.range(batch)[:, None], tf.shape(tokens))
        places = tf.boolean_mask(tf.stack([row, frame, key], -1), key >= 0)
        ones = tf.ones([tf.shape(places)[0]], tf.int32)
        return tf.scatter_nd(places, ones, [batch, steps, KEYS])

    def score_rolls(self, rolls, lengths):
        """-log P of frames 2 to the length of each roll, nats `[batch]`."""
        losses = self.model.frame_nll(tf.cast(rolls, tf.float32))
        place = tf.range(tf.shape(rolls)[1])[None]
        return tf.reduce_sum(tf.where((place >= 1) & (place < lengths[:, None]), losses, 0.0), -1)


def load(run, *, parallels=False, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata).

    `parallels` lets voices move in parallel whatever the run's own setting.
    """
    limits = read_json(run.path / "ranges.json")
    model = make_model(run.config.model, len(limits))
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    config = replace(run.config, parallels=parallels or run.config.parallels)
    return Pipeline(config, model, limits), meta
