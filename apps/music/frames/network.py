"""The frame model: from the piano roll so far to the next frame (Boulanger-Lewandowski 2012).

    h_t = RNN(roll_{t-1}, h_{t-1})
    independent:  log P(frame_t) = sum_k log Bernoulli(roll_tk; sigmoid(W h_t + b)_k)
    sequence:     log P(frame_t) = sum_k log P(note_k | notes below it, h_t), then END

Both are probabilities of sets of keys, so their likelihoods are comparable. In both, the tokens of
a frame are its notes from low to high, then END: independent keys can be drawn one after another as
well, P(next = k | last = j) = p_k prod_{j<i<k} (1 - p_i). So the shared sampler serves both.
"""

import keras
import tensorflow as tf

from apps.music.frames.frame_tokens import VOCAB, ascending, from_rolls
from apps.music.note_axis_rnn import NoteAxisRNN
from common.layers import Embedding, Stack
from common.music import KEYS
from common.text import BOS, PAD
from common.training import Losses, cross_entropy


class Frames(keras.Model):
    """The frame model, on rolls float32 `[batch, time, 88]`, 0 to the right of their lengths."""

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        self.config = config
        units, rate = config.units, config.dropout
        self.input_dropout = keras.layers.Dropout(config.input_dropout)
        self.over_time = Stack(config.layers, units, config.cell, dropout=rate, name="time")
        self.dropout = keras.layers.Dropout(config.output_dropout)
        self.over_time.build((None, None, KEYS))
        self.sequence = config.notes == "sequence"
        if self.sequence:
            dim = config.embedding_dim
            self.embedding = Embedding(VOCAB, dim, name="notes")
            self.embedding.build()
            self.over_notes = NoteAxisRNN(config.cell, config.frame_units, rate, name="frame")
            self.over_notes.build(dim, units)
            self.output_layer = keras.layers.Dense(VOCAB, name="output")
            self.output_layer.build((None, config.frame_units))
        else:
            self.output_layer = keras.layers.Dense(
                KEYS, name="output", bias_initializer=keras.initializers.Constant(-3.0)
            )
            self.output_layer.build((None, units))
        self.built = True

    def call(self, rolls, training=False):
        """`[batch, time, 88]` -> h `[batch, time, units]`; h_t depends on the frames before t."""
        before = tf.pad(rolls[:, :-1], [[0, 0], [1, 0], [0, 0]])
        h, _ = self.over_time(self.input_dropout(before, training=training), training=training)
        return self.dropout(h, training=training)

    def frame_nll(self, rolls, training=False):
        """-log P of each frame given the frames before it, in nats.

        `[batch, time, 88]` -> `[batch, time]`.
        """
        h = self(rolls, training=training)
        if self.sequence:
            return self._sequence_nll(h, rolls, training)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(rolls, self.logits(h))
        return tf.reduce_sum(losses, -1)

    def _sequence_nll(self, h, rolls, training):
        batch, time = tf.shape(rolls)[0], tf.shape(rolls)[1]
        elements = from_rolls(tf.reshape(rolls, [-1, KEYS]))  # [batch * time, notes + 1]
        shifted = tf.pad(elements[:, :-1], [[0, 0], [1, 0]], constant_values=BOS)
        outputs = self.over_notes(
            self.embedding(shifted), tf.reshape(h, [-1, h.shape[-1]]), training=training
        )
        logits = self.logits(outputs) + ascending(shifted)  # [batch * time, notes + 1, vocab]
        losses = cross_entropy(logits, elements)
        losses = tf.where(elements != PAD, losses, 0.0)
        return tf.reshape(tf.reduce_sum(losses, -1), [batch, time])

    def logits(self, features):
        """Features of the last network `[..., units]` -> `[..., keys or vocab]`, float32."""
        return tf.cast(self.output_layer(features), tf.float32)

    def token_losses(self, arrays, progress=0.0, training=True):
        """(rolls, lengths `[batch]`) -> `Losses`, of frames.

        The published measure scores frames 2..T; training also learns how pieces begin.
        """
        rolls, lengths = arrays
        rolls = tf.cast(rolls, tf.float32)
        place = tf.range(tf.shape(rolls)[1])[None]
        first = 0 if training else 1
        weights = tf.cast((place >= first) & (place < lengths[:, None]), tf.float32)
        total = tf.reduce_sum(weights * self.frame_nll(rolls, training))
        return Losses(total, tf.reduce_sum(weights), total)
