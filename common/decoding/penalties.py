"""Length and coverage penalties of Wu et al. 2016, "Google's Neural Machine Translation System"."""

import tensorflow as tf

# Lower bound of the attention on a source position: keeps log(0) at about -20.7.
LEAST_COVERAGE = 1e-9


def length_penalty(length: tf.Tensor, alpha: float) -> tf.Tensor:
    """lp(Y) = ((5 + |Y|) / 6) ** alpha, the divisor of log P(Y). Equation (14) of the paper.

    Args:
      length: |Y| in tokens, eos included, of any shape.
      alpha: 0 leaves log P unchanged; larger values favour longer strings.

    Returns:
      float32 of the shape of `length`.
    """
    return ((5.0 + tf.cast(length, tf.float32)) / 6.0) ** alpha


def coverage_penalty(coverage: tf.Tensor, mask: tf.Tensor | None, beta: float) -> tf.Tensor:
    """cp(X, Y) = beta * sum_i log(min(sum_j p_ij, 1)), at most 0. Equation (14) of the paper.

    Args:
      coverage: float32 [..., source], sum_j p_ij, the attention each source position has received.
      mask: bool, broadcastable to coverage: valid source positions; None: all.
      beta: weight of the penalty.

    Returns:
      float32 [...].
    """
    log_coverage = tf.math.log(tf.clip_by_value(coverage, LEAST_COVERAGE, 1.0))
    if mask is not None:
        log_coverage = tf.where(mask, log_coverage, 0.0)
    return beta * tf.reduce_sum(log_coverage, -1)
