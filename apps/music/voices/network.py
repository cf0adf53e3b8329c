"""The voice model: voices as token streams with holds, composed with any of them given.

At each step the voices are chosen from the first to the last (soprano to bass), so that the
probability of a piece is exact and given voices cost nothing:

    context = BiRNN(given voices, conditions)          given voices, in both directions
    h_t     = RNN(notes_{t-1}, context_t, h_{t-1})      composed notes
    P(note of voice v at t) = NoteAxisRNN(notes of voices before v at t; h_t, context_t)

The input and output vectors of a note are sums of its own, its pitch class's and its degree's: what
is learnt of a cadence in one key is known in all keys.

In training the given voices of each piece are drawn at random (none, the first, or any), as in
orderless training (Uria et al. 2014) and DeepBach's pseudo-Gibbs model (Hadjeres et al. 2017), but
a piece is composed in one pass.
"""

import keras
import tensorflow as tf

from apps.music.note_axis_rnn import NoteAxisRNN
from apps.music.voices.conditions import KEY
from apps.music.voices.constraints import can_follow
from apps.music.voices.voice_tokens import (
    ALL,
    CLASSES,
    DEGREES,
    FREE_TOKEN,
    VOCAB,
    degree,
    pitch_class,
    resolved,
)
from common.layers import Embedding, Stack
from common.text import BOS, PAD
from common.training import Losses, cross_entropy

ROWS = 2 * VOCAB  # of a voice's embedding: a token, or VOCAB + the held token


class Voices(keras.Model):
    """The voice model, on tokens int32 `[batch, time, voices]`, PAD to the right.

    Args:
        config: a ModelConfig.
        voices: number of streams.
        sizes: number of values of each condition.
    """

    def __init__(self, config, voices, sizes, **kwargs):
        super().__init__(**kwargs)
        self.config, self.voices = config, voices
        dim, units, rate = config.embedding_dim, config.units, config.dropout
        self.notes = Embedding(voices * ROWS, dim, name="notes")
        self.classes = Embedding(CLASSES, dim, name="pitch_classes")
        # Zero at first: a value that no training piece has may be requested, and stays neutral.
        self.degrees = Embedding(DEGREES, dim, zeros=True, name="degrees")
        self.tables = [
            Embedding(size, dim, zeros=True, name=f"condition_{n}") for n, size in enumerate(sizes)
        ]
        self.input_dropout = keras.layers.Dropout(config.input_dropout)
        self.reader = Stack(1, config.reader_units, config.cell, bidirectional=True, name="reader")
        self.over_time = Stack(config.layers, units, config.cell, dropout=rate, name="time")
        self.dropout = keras.layers.Dropout(config.output_dropout)
        self.over_notes = NoteAxisRNN(config.cell, config.frame_units, rate, name="frame")
        self.present = keras.layers.Dense(dim, name="present")
        self.output_layer = keras.layers.Dense(VOCAB, name="output")
        self.class_output = keras.layers.Dense(CLASSES, name="class_output")
        self.degree_output = keras.layers.Dense(
            DEGREES, kernel_initializer="zeros", name="degree_output"
        )
        context = 2 * config.reader_units + dim
        for table in (self.notes, self.classes, self.degrees, *self.tables):
            table.build()
        self.reader.build((None, None, dim))
        self.over_time.build((None, None, context + dim))
        self.over_notes.build(dim, units + context)
        self.present.build((None, units + context))
        self.output_layer.build((None, config.frame_units))
        self.class_output.build((None, config.frame_units))
        self.degree_output.build((None, config.frame_units))
        self.built = True

    def element(self, notes, voice, key):
        """Embeds resolved tokens `[...]` of a voice: `[..., dim]`.

        It is the sum of the voice's own embedding and those of the pitch class and of the degree
        in `key` (a condition, `[...]`), which all voices share, for onsets and holds alike.
        """
        shared = self.classes(pitch_class(notes)) + self.degrees(degree(notes, key))
        return self.notes(notes + ROWS * voice) + shared

    def embed(self, notes, key):
        """Embeds resolved tokens `[..., voices]` together: `[..., dim]`, of about unit variance."""
        elements = self.element(notes, tf.range(self.voices), key[..., None])
        return tf.reduce_sum(elements, -2) / (2 * self.voices) ** 0.5

    def logits(self, outputs, key):
        """Outputs of the network over notes `[rows, ...]`, keys `[rows]` -> `[rows, ..., vocab]`.

        A token's logit is the sum of its own, its pitch class's and its degree's.
        """
        classes = tf.gather(self.class_output(outputs), pitch_class(ALL), axis=-1)
        own_degrees = degree(ALL, key[:, None])  # [rows, vocab]
        degrees = tf.gather(self.degree_output(outputs), own_degrees, axis=-1, batch_dims=1)
        return tf.cast(self.output_layer(outputs) + classes + degrees, tf.float32)

    def read(self, given, conditions, mask=None, training=False):
        """Reads what is known beforehand into a context `[batch, time, 2 * reader_units + dim]`.

        Args:
            given: resolved tokens `[batch, time, voices]`, FREE_TOKEN in hidden voices.
            conditions: int32 `[batch, time, n]`.
        """
        seen = self.embed(given, conditions[..., KEY])
        seen += sum(table(conditions[..., n]) for n, table in enumerate(self.tables))
        seen = self.input_dropout(seen, training=training)
        context, _ = self.reader(seen, mask=mask, training=training)
        return tf.concat([context, seen], -1)

    def call(self, inputs, training=False):
        """(tokens, hidden bool `[batch, voices]`, conditions) -> logits and places of valid steps.

        Logits are `[steps, voices, vocab]`, places (batch, time) `[steps, 2]`.
        """
        tokens, hidden, conditions = inputs
        mask = tokens[..., 0] != PAD  # [batch, time]
        notes = resolved(tokens)
        given = tf.where(hidden[:, None], FREE_TOKEN, notes)
        context = self.read(given, conditions, mask, training)
        before = tf.pad(notes[:, :-1], [[0, 0], [1, 0], [0, 0]], constant_values=BOS)
        key = conditions[..., KEY]
        embedded = self.input_dropout(self.embed(before, key), training=training)
        h, _ = self.over_time(tf.concat([context, embedded], -1), mask=mask, training=training)
        h = tf.concat([self.dropout(h, training=training), context], -1)
        valid = tf.where(mask)  # padding is dropped before the largest part
        h, notes, before, key = (tf.gather_nd(tensor, valid) for tensor in (h, notes, before, key))
        shifted = tf.pad(notes[:, :-1], [[0, 0], [1, 0]], constant_values=BOS)
        # [steps, voices, dim]
        elements = self.element(shifted, tf.range(self.voices), key[:, None])
        elements += self.present(h)[:, None]
        outputs = self.over_notes(elements, h, training=training)
        return self.logits(outputs, key) + can_follow(before), valid

    def token_losses(self, arrays, progress=0.0, training=True):
        """(tokens, given `[batch, voices]`, conditions) -> `Losses`, of hidden cells."""
        losses, weights, _ = self._cell_losses(arrays, training)
        total = tf.reduce_sum(weights * losses)
        return Losses(total, tf.reduce_sum(weights), total)

    def nll(self, arrays):
        """-log P of the hidden voices of each piece, nats `[batch]`."""
        losses, weights, piece = self._cell_losses(arrays, training=False)
        sums = tf.reduce_sum(weights * losses, -1)
        return tf.math.unsorted_segment_sum(sums, piece, tf.shape(arrays[0])[0])

    def _cell_losses(self, arrays, training):
        """(losses, weights: 1 where hidden, both `[steps, voices]`, the piece of each step)."""
        tokens, given, conditions = arrays
        hidden = given == 0
        logits, valid = self((tokens, hidden, conditions), training=training)
        labels = tf.gather_nd(tokens, valid)
        losses = cross_entropy(logits, labels)
        weights = tf.cast(tf.gather(hidden, valid[:, 0]), tf.float32)
        return losses, weights, valid[:, 0]
