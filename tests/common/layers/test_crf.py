"""The CRF compared with sums over all label sequences, and with numeric gradients."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from common.layers import CRF

LABELS, LENGTHS, TIME = 3, (4, 2, 1), 4
MASK = tf.sequence_mask(LENGTHS, TIME)


def made(labels=LABELS, scale=2.0):
    layer, random = CRF(labels), np.random.default_rng(0)
    layer.build()
    for weight in layer.weights:
        weight.assign(scale * random.normal(size=weight.shape))
    return layer


def emissions(seed=1):
    return np.random.default_rng(seed).normal(size=[len(LENGTHS), TIME, LABELS]).astype("f")


def all_scores(layer, row):
    """{labels: s(x, y)} of one sequence, by the equation."""
    weights = (np.array(w, np.float64) for w in (layer.transitions, layer.first, layer.last))
    transitions, first, last = weights
    found = {}
    for y in itertools.product(range(LABELS), repeat=len(row)):
        steps = sum(transitions[a, b] for a, b in itertools.pairwise(y))
        found[y] = first[y[0]] + last[y[-1]] + steps + sum(row[range(len(y)), list(y)])
    return found


@pytest.mark.parametrize("graph", [False, True])
def test_against_all_sequences(graph):
    layer, values = made(), emissions()
    run = tf.function if graph else lambda f: f
    partition = run(layer.log_partition)(values, MASK).numpy()
    labels, best = run(layer.decode)(values, MASK)
    marginals = run(layer.marginals)(values, MASK).numpy()
    for n, length in enumerate(LENGTHS):
        scores = all_scores(layer, values[n, :length])
        assert partition[n] == pytest.approx(np.logaddexp.reduce(list(scores.values())), abs=1e-4)
        wanted = max(scores, key=scores.get)
        assert tuple(labels[n, :length].numpy()) == wanted
        assert float(best[n]) == pytest.approx(scores[wanted], abs=1e-4)
        shares = np.zeros([length, LABELS])
        for y, score in scores.items():
            shares[range(length), y] += np.exp(score - partition[n])
        np.testing.assert_allclose(marginals[n, :length], shares, atol=1e-4)
        for y in list(scores)[::5]:
            row = tf.constant([[*y, *[0] * (TIME - length)]])
            got = layer.score(values[n : n + 1], row, MASK[n : n + 1])
            assert float(got[0]) == pytest.approx(scores[y], abs=1e-4)


def test_padding_is_inert():
    layer, values, tags = made(), emissions(), np.array([[1, 2, 0, 1], [2, 0, 1, 1], [0, 2, 2, 2]])
    other = np.where(MASK.numpy()[:, :, None], values, 1e4).astype("f")
    wide = np.pad(other, [[0, 0], [0, 3], [0, 0]], constant_values=-7)
    wide_mask, wide_tags = np.pad(MASK, [[0, 0], [0, 3]]), np.pad(tags, [[0, 0], [0, 3]])
    plain = layer.log_likelihood(values, tf.constant(tags, tf.int32), MASK)
    padded = layer.log_likelihood(wide, tf.constant(wide_tags, tf.int32), tf.constant(wide_mask))
    np.testing.assert_allclose(plain, padded, rtol=1e-5)
    (one, score), (two, other) = layer.decode(values, MASK), layer.decode(wide, wide_mask)
    np.testing.assert_array_equal(np.where(MASK, one, 0), np.where(MASK, two[:, :TIME], 0))
    np.testing.assert_allclose(score, other, rtol=1e-5)


def test_gradients_are_the_numeric_ones():
    layer, values = made(), emissions()
    tags = tf.constant([[1, 2, 0, 1], [2, 0, 0, 0], [0, 0, 0, 0]])
    variables = [w.value for w in layer.weights]
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer.log_likelihood(values, tags, MASK))
    for variable, gradient in zip(variables, tape.gradient(total, variables), strict=True):
        assert np.abs(gradient).max() > 0
        for place in list(np.ndindex(*variable.shape))[:4]:
            kept, sides = variable.numpy(), []
            for step in (0.01, -0.01):
                moved = kept.copy()
                moved[place] += step
                variable.assign(moved)
                sides.append(float(tf.reduce_sum(layer.log_likelihood(values, tags, MASK))))
            variable.assign(kept)
            assert gradient.numpy()[place] == pytest.approx((sides[0] - sides[1]) / 0.02, abs=5e-3)


def test_new_weights_are_a_softmax():
    layer, values = CRF(LABELS), emissions()
    layer.build()
    np.testing.assert_allclose(
        np.where(MASK[:, :, None], layer.marginals(values, MASK), 0),
        np.where(MASK[:, :, None], tf.nn.softmax(values), 0),
        atol=1e-6,
    )
    assert CRF.from_config(layer.get_config()).labels == LABELS


def test_a_batch_of_single_steps():
    layer, values = made(), emissions()[:, :1]
    mask = tf.ones([len(LENGTHS), 1], tf.bool)
    run = tf.function(layer.decode, input_signature=[
        tf.TensorSpec([None, None, LABELS]), tf.TensorSpec([None, None], tf.bool)
    ])  # fmt: skip
    labels, _ = run(values, mask)
    best = np.argmax(values[:, 0] + layer.first.numpy() + layer.last.numpy(), -1)
    np.testing.assert_array_equal(labels[:, 0], best)


def test_forbidden_steps_stay_finite():
    """A nearly impossible transition is used if nothing else is possible."""
    layer = made(scale=0)
    layer.transitions.assign(np.full([LABELS, LABELS], -1000.0))
    values = tf.Variable(emissions())
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer.log_partition(values, MASK))
    assert np.isfinite(total) and np.isfinite(tape.gradient(total, values)).all()
