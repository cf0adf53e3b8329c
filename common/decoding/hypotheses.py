"""The result type of the searches, and helpers that they share."""

from typing import NamedTuple

import tensorflow as tf

from ..special_tokens import FORBIDDEN


class Hypotheses(NamedTuple):
    """Decoded strings, best first.

    A place without a string (fewer strings exist than requested, or the maximum length is 0) has
    length 0, only padding, and score and log-probability `FORBIDDEN`.
    """

    tokens: tf.Tensor  # int32 [batch, n_best, time]: no bos; eos when it was produced, then pad
    lengths: tf.Tensor  # int32 [batch, n_best]: tokens, eos included
    scores: tf.Tensor  # float32 [batch, n_best]: log-probability with penalties
    log_probs: tf.Tensor  # float32 [batch, n_best]: sum of natural log-probabilities


def possible(log_probs):
    """True where a log-probability, or a sum of log-probabilities, includes no `FORBIDDEN`.

    Works for tensors, NumPy arrays and floats.
    """
    return log_probs > FORBIDDEN / 2


def row_limits(max_length, batch) -> tuple[tf.Tensor, int | tf.Tensor]:
    """The maximum length of each row and the time dimension.

    Returns:
      (int32 [batch], the largest of them: a Python int if `max_length` is static, else a tensor).
    """
    max_length = tf.cast(tf.convert_to_tensor(max_length), tf.int32)
    limits = tf.broadcast_to(max_length, [batch])
    known = tf.get_static_value(max_length)
    if known is not None and known.size:
        return limits, max(int(known.max()), 0)
    return limits, tf.maximum(tf.reduce_max(limits), 0)  # the maximum of no rows is negative


def keep_shapes(new, old):
    """Gives the tensors of `new` the static shapes of `old`, as tf.while_loop requires."""

    def keep(after, before):
        after.set_shape(before.shape)
        return after

    return tf.nest.map_structure(keep, new, old)
