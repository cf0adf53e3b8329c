"""Cross-entropy with label smoothing, without the [n, vocab] copies of the obvious way."""

from typing import Any, NamedTuple

import tensorflow as tf


class Losses(NamedTuple):
    """What a model says of a batch: sums over its scored tokens, float32 scalars."""

    total: tf.Tensor  # what training minimises, per token
    tokens: tf.Tensor  # how many are scored
    nll: tf.Tensor  # their negative log-likelihood, in nats


class StreamLosses(NamedTuple):
    """`Losses` of a batch of streams, with the state that the next batch starts from."""

    total: tf.Tensor
    tokens: tf.Tensor
    nll: tf.Tensor
    state: Any


class CrossEntropy(NamedTuple):
    loss: tf.Tensor  # [n], smoothed
    nll: tf.Tensor  # [n]; it has no gradient


def smoothed_cross_entropy(logits, labels, smoothing=0.0):
    """-sum_v q_v log p_v with q = (1 - smoothing) one_hot(label) + smoothing / vocab.

    (Szegedy et al. 2016.) With z the logits, that is nll + smoothing * (z_label - mean z), and its
    gradient by z is p - q. Of TensorFlow's operations softmax is the fast one on a CPU: the fused
    sparse cross-entropy takes four times as long as all that is done here.

    Args:
        logits: `[n, vocab]`. labels: int32 `[n]`, of valid positions only: padding is left out
            before the output layer, not masked after it.

    Returns:
        `CrossEntropy`, float32; only the loss has a gradient.
    """
    vocab = tf.cast(tf.shape(logits)[-1], tf.float32)

    @tf.custom_gradient
    def run(logits):
        at_label = tf.stack([tf.range(tf.shape(labels)[0]), labels], 1)
        of_label, p = tf.gather_nd(logits, at_label), tf.nn.softmax(logits)
        # max p = exp(max z) / sum exp z, and never small.
        nll = (tf.reduce_max(logits, -1) - of_label) - tf.math.log(tf.reduce_max(p, -1))
        loss = nll
        if smoothing:
            loss = nll + smoothing * (of_label - tf.reduce_mean(logits, -1))

        def gradient(d_loss, _):
            spread = d_loss[:, None] * (p - smoothing / vocab if smoothing else p)
            return tf.tensor_scatter_nd_sub(spread, at_label, (1 - smoothing) * d_loss)

        return (loss, nll), gradient

    return CrossEntropy(*run(tf.cast(logits, tf.float32)))


def cross_entropy(logits, labels):
    """-log p of the labels, of any shape: logits `[..., vocab]`, labels int32 `[...]`."""
    flat = tf.reshape(logits, [-1, logits.shape[-1]]), tf.reshape(labels, [-1])
    return tf.reshape(smoothed_cross_entropy(*flat).loss, tf.shape(labels))


def twice(arrays):
    """A nest of arrays -> the same with every row a second time, below: `disagreement` reads what
    a network under dropout says of both."""
    return tf.nest.map_structure(lambda part: tf.concat([part, part], 0), arrays)


def disagreement(logits):
    """R-Drop (Liang et al. 2021): how far two passes under different dropout masks are apart, at
    each position (KL(p || q) + KL(q || p)) / 2 = sum_v (p_v - q_v) (log p_v - log q_v) / 2.

    Args:
        logits: `[2 n, vocab]`, the second pass below the first.

    Returns:
        float32 `[n]`.
    """
    first, second = tf.split(tf.nn.log_softmax(tf.cast(logits, tf.float32)), 2)
    return tf.reduce_sum((tf.exp(first) - tf.exp(second)) * (first - second), -1) / 2
