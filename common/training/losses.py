"""Losses: cross-entropy with label smoothing, computed in few passes over `[n, vocab]`, and
R-Drop."""

from typing import Any, NamedTuple

import tensorflow as tf


class Losses(NamedTuple):
    """The losses of a batch, summed over its scored tokens, float32 scalars."""

    total: tf.Tensor  # the training loss; its mean per token is minimised
    tokens: tf.Tensor  # number of scored tokens
    nll: tf.Tensor  # negative log-likelihood in nats


class StreamLosses(NamedTuple):
    """`Losses` of a batch of streams, with the state that the next batch starts from."""

    total: tf.Tensor
    tokens: tf.Tensor
    nll: tf.Tensor
    state: Any


class CrossEntropy(NamedTuple):
    """Losses of n labels."""

    loss: tf.Tensor  # [n], smoothed
    nll: tf.Tensor  # [n], without gradient


def smoothed_cross_entropy(logits, labels, smoothing=0.0):
    """-sum_v q_v log p_v with q = (1 - smoothing) one_hot(label) + smoothing / vocab.

    (Szegedy et al. 2016.) With z the logits this is nll + smoothing * (z_label - mean z), and its
    gradient by z is p - q. On a CPU TensorFlow's softmax is fast: its fused sparse cross-entropy
    takes four times as long as this function.

    Args:
        logits: `[n, vocab]`.
        labels: int32 `[n]`, of valid positions only: padding is removed before the output layer,
            not masked after it.
        smoothing: share of the uniform distribution.

    Returns:
        `CrossEntropy`, float32; only the loss has a gradient.
    """
    vocab = tf.cast(tf.shape(logits)[-1], tf.float32)

    @tf.custom_gradient
    def run(logits):
        at_label = tf.stack([tf.range(tf.shape(labels)[0]), labels], 1)
        of_label, p = tf.gather_nd(logits, at_label), tf.nn.softmax(logits)
        # log sum exp z = max z - log max p, where max p >= 1 / vocab is never tiny.
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
    """-log p of labels, int32 `[...]`, under logits `[..., vocab]`: float32 `[...]`."""
    flat = tf.reshape(logits, [-1, logits.shape[-1]]), tf.reshape(labels, [-1])
    return tf.reshape(smoothed_cross_entropy(*flat).loss, tf.shape(labels))


def twice(arrays):
    """Repeats a nest of arrays along the batch, for the two passes of `disagreement`."""
    return tf.nest.map_structure(lambda part: tf.concat([part, part], 0), arrays)


def disagreement(logits):
    """The R-Drop loss (Liang et al. 2021) between two passes under different dropout masks:

        (KL(p || q) + KL(q || p)) / 2 = sum_v (p_v - q_v) (log p_v - log q_v) / 2

    Args:
        logits: `[2 n, vocab]`, the first pass, then the second.

    Returns:
        float32 `[n]`.
    """
    first, second = tf.split(tf.nn.log_softmax(tf.cast(logits, tf.float32)), 2)
    return tf.reduce_sum((tf.exp(first) - tf.exp(second)) * (first - second), -1) / 2
