"""The fused loss compared with its written-out formula."""

import numpy as np
import pytest
import tensorflow as tf

from common.training import cross_entropy, disagreement, smoothed_cross_entropy, twice

VOCAB = 7
LABELS = np.array([0, 6, 3, 3, 1], np.int32)
LOGITS = np.random.default_rng(1).normal(size=[5, VOCAB]).astype("float32") * 3


def targets(smoothing):
    return (1 - smoothing) * np.eye(VOCAB)[LABELS] + smoothing / VOCAB


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_the_formula(smoothing):
    exact = LOGITS.astype(np.float64)
    log_p = exact - np.log(np.exp(exact).sum(-1, keepdims=True))
    loss, nll = smoothed_cross_entropy(tf.constant(LOGITS), LABELS, smoothing)
    np.testing.assert_allclose(loss, -(targets(smoothing) * log_p).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(nll, -log_p[np.arange(5), LABELS], rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_the_gradient_is_that_of_the_obvious_way(smoothing):
    """Rows have different weights, and nll has no separate gradient."""
    weights = tf.constant([1.0, 2.0, 0.0, -1.0, 0.5])
    logits = tf.Variable(LOGITS)
    with tf.GradientTape(persistent=True) as tape:
        loss, nll = smoothed_cross_entropy(logits, LABELS, smoothing)
        ours = tf.reduce_sum(weights * loss) + tf.reduce_sum(nll)
        q = tf.constant(targets(smoothing), tf.float32)
        obvious = -tf.reduce_sum(weights[:, None] * q * tf.nn.log_softmax(logits))
    np.testing.assert_allclose(
        tape.gradient(ours, logits), tape.gradient(obvious, logits), atol=1e-6
    )


def test_without_smoothing_it_is_sparse_cross_entropy():
    loss, nll = smoothed_cross_entropy(tf.constant(LOGITS), LABELS)
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, LOGITS)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    np.testing.assert_array_equal(loss, nll)


@pytest.mark.parametrize("shape", [(3, 2), (4,), (0, 2)], ids=str)
def test_any_shape_and_words_that_cannot_be(shape):
    random = np.random.default_rng(2)
    logits = random.normal(size=[*shape, VOCAB]).astype("float32") * 9
    logits[..., 2] = -1e9
    labels = random.integers(3, VOCAB, shape).astype(np.int32)
    logits = tf.constant(logits)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        ours = cross_entropy(logits, labels)
        theirs = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    assert ours.shape == shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    gradients = tape.gradient(ours, logits), tape.gradient(theirs, logits)
    np.testing.assert_allclose(*gradients, atol=1e-6)


def test_half_precision_logits_and_no_rows():
    loss, nll = smoothed_cross_entropy(tf.constant(LOGITS, tf.float16), LABELS, 0.1)
    assert loss.dtype == nll.dtype == tf.float32
    np.testing.assert_allclose(
        loss, smoothed_cross_entropy(tf.constant(LOGITS), LABELS, 0.1)[0], rtol=1e-2
    )
    loss, _ = smoothed_cross_entropy(tf.zeros([0, VOCAB]), tf.zeros([0], tf.int32), 0.1)
    assert loss.shape == [0]


def test_large_logits_stay_finite():
    logits = tf.constant([[1e4, -1e4], [-1e4, 1e4]])
    loss, _ = smoothed_cross_entropy(logits, tf.constant([0, 0]), 0.1)
    np.testing.assert_allclose(loss, [0.1 * 1e4, 0.95 * 2e4], rtol=1e-5)


def test_disagreement_by_hand():
    first, second = LOGITS[:2].astype(np.float64), LOGITS[2:4].astype(np.float64)
    p, q = (np.exp(z) / np.exp(z).sum(-1, keepdims=True) for z in (first, second))
    by_hand = ((p * np.log(p / q)).sum(-1) + (q * np.log(q / p)).sum(-1)) / 2
    np.testing.assert_allclose(disagreement(tf.constant(LOGITS[:4])), by_hand, rtol=1e-5)
    same, _ = twice((tf.constant(LOGITS), tf.constant(LABELS)))
    np.testing.assert_array_equal(disagreement(same), np.zeros(5))
