"""Back-propagation through time by the lectures' formulas, and the norms of gradients by lag."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from common.analysis import bptt, gradient_lag
from common.analysis.gradient_lag import clipped, gradient_norms
from common.cells import CELL_NAMES
from common.errors import UserError
from common.layers import ElmanRNN, recurrent

TIME, DEPTH, UNITS, CLASSES = 6, 3, 4, 5


def randoms(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


@pytest.fixture(scope="module")
def network():
    """(layer without bias, V, inputs, targets, terms of the formulas)."""
    layer = ElmanRNN(
        UNITS, use_bias=False, return_sequences=True, return_state=True, dtype="float64"
    )
    layer.build((None, None, DEPTH))
    layer.set_weights([0.7 * randoms(*w.shape) for w in layer.weights])
    U, W = (w.T for w in layer.get_weights())
    V, x, hidden = randoms(CLASSES, UNITS), randoms(TIME, DEPTH), randoms(UNITS)
    targets = np.array([0, 3, 1, 4, 2, 2])
    return layer, V, x, targets, hidden, bptt(U, V, W, x, targets, hidden)


def automatic(layer, V, x, targets, hidden):
    """(loss, gradients of U, W, V by our layer and TensorFlow, last state)."""
    V = tf.constant(V)
    variables = [v.value for v in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(V)
        outputs, last = layer(x[None], initial_state=[hidden[None]])
        logits = tf.matmul(outputs[0], V, transpose_b=True)
        loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
    d_kernel, d_recurrent, d_V = tape.gradient(loss, [*variables, V])
    return loss, (tf.transpose(d_kernel), tf.transpose(d_recurrent), d_V), last[0].numpy()


def sums(terms, start=0, end=TIME):
    window = slice(start, end)
    return [terms[name][window, window].sum((0, 1)) for name in "UW"] + [terms["V"][window].sum(0)]


def test_formulas_of_the_lectures_are_automatic_differentiation(network):
    layer, V, x, targets, hidden, terms = network
    loss, gradients, _ = automatic(layer, V, x, targets, hidden)
    np.testing.assert_allclose(terms["loss"].sum(), loss, 1e-12)
    for ours, theirs in zip(sums(terms), gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-9, 1e-12)


def test_truncated_bptt_is_full_bptt_within_the_window(network):
    """The carried state of a later window is a constant for its gradient."""
    layer, V, x, targets, hidden, terms = network
    middle = 4
    _, first, carried = automatic(layer, V, x[:middle], targets[:middle], hidden)
    _, second, _ = automatic(layer, V, x[middle:], targets[middle:], carried)
    for window, gradients in [((0, middle), first), ((middle, TIME), second)]:
        for ours, theirs in zip(sums(terms, *window), gradients, strict=True):
            np.testing.assert_allclose(ours, theirs, 1e-9, 1e-12)
    left_out = terms["W"][middle:, :middle].sum((0, 1))
    assert np.abs(left_out).max() > 1e-3  # truncation loses something


def test_no_error_reaches_later_steps(network):
    terms = network[-1]
    for t in range(TIME):
        assert not terms["hidden"][t, t + 1 :].any()
        assert terms["hidden"][t, : t + 1].any(1).all()


def test_norms_by_lag_of_a_linear_network():
    """h_t = W h_{t-1} with W = a rotation times a radius: the norm is radius to the lag."""
    layer = ElmanRNN(UNITS, activation="linear", return_sequences=True)
    layer.build((None, None, DEPTH))
    for radius in (0.5, 1.0, 1.5):
        rotation = np.linalg.qr(randoms(UNITS, UNITS))[0]
        layer.cell.recurrent_kernel.assign(radius * rotation)
        norms = gradient_norms(layer, randoms(2, 8, DEPTH))
        np.testing.assert_allclose(norms, radius ** np.arange(8.0), 1e-5)


@pytest.mark.parametrize("cell", ["lstm", "fgr", "gru", "jordan", "ctrnn"])
def test_norms_by_lag_of_any_cell(cell):
    layer = recurrent(cell, UNITS)
    layer.build((None, None, DEPTH))
    norms = gradient_norms(layer, randoms(2, 5, DEPTH))
    assert norms.shape == (5,) and (norms > 0).all()
    np.testing.assert_allclose(norms[0], 1, 1e-5)  # E is linear in h with a factor of length 1


def test_clipping_scales_all_lags_alike():
    norms = np.array([3.0, 4.0, 12.0])  # together 13 long
    np.testing.assert_allclose(clipped(norms, 6.5), norms / 2)
    np.testing.assert_allclose(clipped(norms, 20), norms)


def test_picture(tmp_path, monkeypatch, capsys):
    path = tmp_path / "gradients.png"
    arguments = [
        "x",
        "--units",
        "4",
        "--steps",
        "12",
        "--cells",
        "elman",
        "lstm",
        "--out",
        str(path),
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    gradient_lag.main()
    assert path.read_bytes().startswith(b"\x89PNG")
    out = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in out[:5]] == [
        "elman, radius 0.8", "elman, radius 1", "elman, radius 3",
        "lstm, forget bias 1", "lstm, forget bias 4",
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["x", "--steps", "0"])
    with pytest.raises(UserError, match="steps is 0: it must be above 0"):
        gradient_lag.main()
    monkeypatch.setattr(sys, "argv", ["x", "--out", str(tmp_path / "no" / "x.png"), "--steps", "3"])
    with pytest.raises(UserError, match="cannot write"):
        gradient_lag.main()


def test_every_cell_can_be_drawn():
    for cell in CELL_NAMES:
        for _, layer in gradient_lag.layers_of(cell, UNITS, DEPTH):
            assert layer.built
