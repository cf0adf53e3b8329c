"""The pointer-generator: words of the vocabulary, or copied out of the source (See et al. 2017)."""

from typing import NamedTuple

import keras
import tensorflow as tf

from ..occurrences import first_positions
from ..special_tokens import FORBIDDEN

TINY = 1e-30  # least probability whose logarithm is taken: a softmax may underflow to 0


class CopySource(NamedTuple):
    """What is needed to add up copy probabilities by token; rows as those of the decoder."""

    tokens: tf.Tensor  # int32 [rows, source], ids of the extended vocabulary
    first: tf.Tensor  # int32 [rows, source], first place of the same token

    @classmethod
    def of(cls, tokens):
        return cls(tokens, first_positions(tokens))

    def tile(self, times):
        return CopySource(*(tf.repeat(tensor, times, axis=0) for tensor in self))


@keras.saving.register_keras_serializable("rnn_suite")
class Pointer(keras.layers.Layer):
    """A mixture of two distributions over the vocabulary and the words of the source:

        P(w) = p P_vocab(w) + (1 - p) sum_{i: x_i = w} a_i,     p = sigmoid(v . [h~_t; y_t-1] + b)

    with a the attention over the source x, h~ the decoder's features and y_t-1 the embedding of
    the last word. It is computed as log P(w) = logaddexp(log p + log P_vocab(w),
    log(1 - p) + log sum a_i); where a part has no such word it is FORBIDDEN, never log 0.
    """

    def build(self, features, embedding):
        self.kernel = self.add_weight(shape=(features + embedding, 1), name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")
        self.built = True

    def gate(self, features, embedded):
        """`[..., features]`, `[..., embedding]` -> the logit of p, float32 `[...]`."""
        inputs = tf.cast(tf.concat([features, embedded], -1), tf.float32)
        kernel, bias = (tf.cast(w.value, tf.float32) for w in (self.kernel, self.bias))
        return (tf.tensordot(inputs, kernel, 1) + bias)[..., 0]

    def label_log_prob(self, vocab_log_prob, gate, copied, known, found):
        """log P of given words, float32 `[n]`.

        Args:
            vocab_log_prob: log P_vocab `[n]`. gate: logit of p `[n]`.
            copied: sum of the attention on the word `[n]`.
            known, found: bool `[n]`, whether vocabulary and source have the word.
        """
        generate = tf.where(known, tf.math.log_sigmoid(gate) + vocab_log_prob, FORBIDDEN)
        copy = tf.math.log_sigmoid(-gate) + tf.math.log(tf.maximum(copied, TINY))
        copy = tf.where(found, copy, FORBIDDEN)
        return tf.reduce_logsumexp(tf.stack([generate, copy]), 0)

    def log_probs(self, logits, gate, attention, source):
        """log P of all words, float32 `[rows, vocab + source]`: what decoding searches in.

        Args:
            logits: of P_vocab `[rows, vocab]`. gate: `[rows]`. attention: `[rows, source]`.
            source: `CopySource`.
        """
        rows, length = tf.unstack(tf.shape(source.tokens))
        attention = tf.cast(attention, tf.float32)
        generate = tf.nn.log_softmax(tf.cast(logits, tf.float32))
        generate += tf.math.log_sigmoid(gate)[:, None]
        generate = tf.pad(generate, [[0, 0], [0, length]], constant_values=FORBIDDEN)
        row = tf.repeat(tf.range(rows), length)
        # All places of a word add up at its first one, and all of them then read the sum.
        first = tf.stack([row, tf.reshape(source.first, [-1])], -1)  # [rows * source, 2]
        sums = tf.scatter_nd(first, tf.reshape(attention, [-1]), [rows, length])
        copied = tf.gather_nd(sums, first)  # [rows * source]
        copy = tf.repeat(tf.math.log_sigmoid(-gate), length)
        copy += tf.math.log(tf.maximum(copied, TINY))
        places = tf.stack([row, tf.reshape(source.tokens, [-1])], -1)
        both = tf.stack([tf.gather_nd(generate, places), copy])
        return tf.tensor_scatter_nd_update(generate, places, tf.reduce_logsumexp(both, 0))


def copied_mass(attention, source, target):
    """The attention on each target word: (sum `[batch, target]`, whether the source has it).

    Args: attention `[batch, target, source]`; source, target: int32 `[batch, ...]` of the
    extended vocabulary.
    """
    same = target[:, :, None] == source[:, None]  # [batch, target, source]
    mass = tf.reduce_sum(tf.where(same, tf.cast(attention, tf.float32), 0.0), -1)
    return mass, tf.reduce_any(same, -1)


def coverage_loss(attention):
    """sum_i min(a_ti, c_ti) with c_t = sum of the attentions before t, float32 `[batch, target]`.

    What it punishes is looking twice at one place (See et al. 2017, equation 12).
    """
    attention = tf.cast(attention, tf.float32)
    before = tf.cumsum(attention, axis=1, exclusive=True)
    return tf.reduce_sum(tf.minimum(attention, before), -1)
