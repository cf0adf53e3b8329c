"""Length and coverage penalties of Wu et al. 2016, "Google's Neural Machine Translation System"."""

import tensorflow as tf

# Least attention that is counted for a source position: bounds log(0) at about -20.7.
LEAST_COVERAGE = 1e-9


def length_penalty(length: tf.Tensor, alpha: float) -> tf.Tensor:
    """lp(Y) = ((5 + |Y|) / 6) ** alpha, by which log P(Y) is divided. Equation (14) of the paper.

    Args:
      length: |Y| in tokens, eos included, of any shape.
      alpha: 0 leaves log P as it is; the larger, the longer the strings that win.

    Returns:
      float32 of the shape of `length`.
    """
    return ((5.0 + tf.cast(length, tf.float32)) / 6.0) ** alpha


def coverage_penalty(coverage: tf.Tensor, mask: tf.Tensor | None, beta: float) -> tf.Tensor:
    """cp(X, Y) = beta * sum_i log(min(sum_j p_ij, 1)), at most 0. Equation (14) of the paper.

    Args:
      coverage: float32 [..., source], sum_j p_ij: attention each source position has received.
      mask: bool, broadcastable to coverage: valid source positions; None: all.
      beta: weight of the penalty.

    Returns:
      float32 [...].
    """
    log_coverage = tf.math.log(tf.clip_by_value(coverage, LEAST_COVERAGE, 1.0))
    if mask is not None:
        log_coverage = tf.where(mask, log_coverage, 0.0)
    return beta * tf.reduce_sum(log_coverage, -1)
