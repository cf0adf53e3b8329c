"""Token embedding that can also be the output layer (tied, Press & Wolf 2017)."""

import math

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("rnn_suite")
class Embedding(keras.layers.Layer):
    """Rows of a table E `[vocab, dim]`: embed(i) = sqrt(dim) E_i, which is one_hot(i) E scaled.

    E starts at a standard deviation of 1 / sqrt(dim), so that embeddings have unit variance and
    the logits of `logits(x) = x E^T + b` are small at the start; both uses share E. With
    `zeros=True` E starts at 0, for rows that are looked up but may never have been trained: they
    then say nothing, instead of noise.

    Call: int `[...]` -> `[..., dim]`.
    """

    def __init__(self, vocab_size, dim, output=False, zeros=False, **kwargs):
        super().__init__(**kwargs)
        self.zeros = zeros
        self.vocab_size, self.dim, self.output_layer = vocab_size, dim, output

    def build(self, shape=None):
        normal = keras.initializers.RandomNormal(stddev=1 / math.sqrt(self.dim))
        self.table = self.add_weight(
            shape=(self.vocab_size, self.dim),
            initializer="zeros" if self.zeros else normal,
            name="table",
        )
        if self.output_layer:
            self.bias = self.add_weight(
                shape=(self.vocab_size,), initializer="zeros", name="output_bias"
            )
        self.built = True

    def call(self, tokens):
        return tf.gather(tf.convert_to_tensor(self.table.value), tokens) * math.sqrt(self.dim)

    def logits(self, features):
        """`[n, dim]` -> `[n, vocab]`."""
        table = self.table.value
        features = tf.cast(features, table.dtype)
        return tf.tensordot(features, tf.transpose(table), 1) + self.bias.value
