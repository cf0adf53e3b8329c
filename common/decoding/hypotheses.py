"""What every search returns, and what they share in shaping it."""

from typing import NamedTuple

import tensorflow as tf

# Log-probability of what may not happen. Finite, so that no difference of two of them is NaN.
FORBIDDEN = -1e9


class Hypotheses(NamedTuple):
    """Decoded strings, best first.

    A place for which no string was found (fewer strings exist than were asked for, or a
    maximum length of 0) has length 0, only padding, and score and log-probability -1e9.
    """

    tokens: tf.Tensor  # int32 [batch, n_best, time]: no bos; eos when it was produced, then pad
    lengths: tf.Tensor  # int32 [batch, n_best]: tokens, eos included
    scores: tf.Tensor  # float32 [batch, n_best]: log-probability under the penalties
    log_probs: tf.Tensor  # float32 [batch, n_best]: plain sum of natural log-probabilities


def possible(log_probs: tf.Tensor) -> tf.Tensor:
    """True where a (sum of) log-probabilities contains nothing forbidden."""
    return log_probs > FORBIDDEN / 2


def row_limits(max_length, batch) -> tuple[tf.Tensor, int | tf.Tensor]:
    """Maximum length of every row, int32 [batch], and the time dimension that holds them all.

    The time dimension is a Python int when `max_length` is known while tracing.
    """
    max_length = tf.cast(tf.convert_to_tensor(max_length), tf.int32)
    limits = tf.broadcast_to(max_length, [batch])
    known = tf.get_static_value(max_length)
    if known is not None and known.size:
        return limits, max(int(known.max()), 0)
    return limits, tf.maximum(tf.reduce_max(limits), 0)  # the maximum of no rows is negative


def keep_shapes(new, old):
    """Gives the tensors of `new` the static shapes of `old`: tf.while_loop insists on them."""

    def keep(after, before):
        after.set_shape(before.shape)
        return after

    return tf.nest.map_structure(keep, new, old)
