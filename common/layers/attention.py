"""Attention over a memory: additive (Bahdanau et al. 2015), multiplicative (Luong et al. 2015)."""

import math

import keras
import tensorflow as tf

from ..errors import ArgumentError
from ..special_tokens import FORBIDDEN

SCORES = ("additive", "dot", "general", "scaled")


@keras.saving.register_keras_serializable("rnn_suite")
class Attention(keras.layers.Layer):
    """For each query q a mean of the memory m_1 ... m_S, weighted by softmax_s(score(q, m_s)).

        additive    v . tanh(W q + K m_s)        (Bahdanau)
        dot         q . m_s                      (Luong; q and m_s must have the same size)
        general     q . K m_s                    (Luong)
        scaled      q . K m_s / sqrt(size of q)

    The memory's part K m_s does not depend on the query: `keys` computes it once a sequence.
    With `coverage` (See et al. 2017) it becomes K m_s + coverage_s w, so that a query also sees how
    much attention a place has received before.

    Call: (queries `[batch, time, depth]`, keys `[batch, source, k]`, memory `[batch, source, m]`,
    mask bool `[batch, source]`, coverage `[batch, time, source]`) -> (context `[batch, time, m]`,
    weights `[batch, time, source]`).
    """

    def __init__(self, score="scaled", units=None, coverage=False, **kwargs):
        super().__init__(**kwargs)
        if score not in SCORES:
            raise ArgumentError(f"unknown attention {score!r}: choose one of {', '.join(SCORES)}")
        self.score, self.units, self.coverage = score, units, coverage

    def build(self, query_depth, memory_depth):
        units = self.units or query_depth
        if self.score == "dot" and query_depth != memory_depth:
            raise ArgumentError(
                f"dot attention compares vectors of one size, but the decoder has {query_depth} "
                f"units and the encoder {memory_depth} outputs: choose general or scaled"
            )
        if self.score != "dot":
            width = units if self.score == "additive" else query_depth
            self.key_kernel = self.add_weight(shape=(memory_depth, width), name="key_kernel")
        if self.score == "additive":
            self.query_kernel = self.add_weight(shape=(query_depth, units), name="query_kernel")
            self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")
            self.vector = self.add_weight(shape=(units, 1), name="vector")
        if self.coverage:
            width = units if self.score == "additive" else query_depth
            self.coverage_kernel = self.add_weight(
                shape=(width,), initializer="zeros", name="coverage_kernel"
            )
        self.scale = 1 / math.sqrt(query_depth) if self.score == "scaled" else 1.0
        self.built = True

    def keys(self, memory):
        if self.score == "dot":
            return memory
        kernel = self.key_kernel.value
        return tf.tensordot(tf.cast(memory, kernel.dtype), kernel, 1)

    def call(self, queries, keys, memory, mask=None, coverage=None):
        if self.score == "additive":
            projected = (
                tf.tensordot(queries, self.query_kernel.value, 1) + self.bias
            )  # [batch, time, units]
            hidden = projected[:, :, None] + keys[:, None]  # [batch, time, source, units]
            if coverage is not None:
                hidden += coverage[..., None] * self.coverage_kernel
            # [batch, time, source]
            scores = tf.tensordot(tf.tanh(hidden), self.vector.value, 1)[..., 0]
        else:
            scores = tf.matmul(queries, keys, transpose_b=True)
            if coverage is not None:  # q . (K m_s + coverage_s w), without another set of keys
                scores += tf.tensordot(queries, self.coverage_kernel.value[:, None], 1) * coverage
            scores *= self.scale
        scores = tf.cast(scores, tf.float32)  # a softmax in half precision loses the small weights
        if mask is not None:
            scores += (1.0 - tf.cast(mask, tf.float32))[:, None] * FORBIDDEN
        weights = tf.cast(tf.nn.softmax(scores, -1), self.compute_dtype)
        return tf.matmul(weights, memory), weights
