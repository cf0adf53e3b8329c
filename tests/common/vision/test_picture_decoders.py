"""The gate of the attention decoder, and the decoder without attention."""

import numpy as np
import pytest
import tensorflow as tf

from common.layers import AttentionDecoder, PlainDecoder
from tests.reference import sigmoid

RANDOM = np.random.default_rng(2)
EMBEDDED = RANDOM.normal(size=(3, 5, 4)).astype(np.float32)
SUMMARY = RANDOM.normal(size=(3, 6)).astype(np.float32)
VALUES = RANDOM.normal(size=(3, 7, 6)).astype(np.float32)
MASK = np.ones((3, 7), bool)


def randomised(layer):
    layer.build(4, 6, 6)
    for variable in layer.variables:
        if "seed" not in variable.path:
            variable.assign(RANDOM.normal(scale=0.5, size=variable.shape))
    return layer


def by_steps(layer, memory, state):
    features = []
    for t in range(EMBEDDED.shape[1]):
        output, state = layer.step(EMBEDDED[:, t], memory, state)
        features.append(output)
    return np.stack(features, 1)


LAYERS = {
    "gate": lambda: AttentionDecoder(1, 6, 5, gate=True),
    "gate, upper layer": lambda: AttentionDecoder(2, 6, 5, upper_layers=1, gate=True),
    "gate, input feeding": lambda: AttentionDecoder(1, 6, 5, input_feeding=True, gate=True),
    "state": lambda: PlainDecoder(2, 6, 5, reads="state"),
    "word": lambda: PlainDecoder(3, 6, 5, reads="word"),
    "word, gru": lambda: PlainDecoder(1, 6, 5, reads="word", cell="gru"),
    "state, elman": lambda: PlainDecoder(1, 6, 5, reads="state", cell="elman"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_steps_equal_the_whole(name):
    layer = randomised(LAYERS[name]())
    memory = layer.memory(VALUES, MASK)
    state = layer.initial_state([tf.constant(SUMMARY)], 7)
    whole, _ = layer(EMBEDDED, memory, state)
    np.testing.assert_allclose(whole, by_steps(layer, memory, state), rtol=2e-4, atol=2e-5)


def test_gate_scales_the_context():
    layer = randomised(AttentionDecoder(1, 6, 5, gate=True))
    state = layer.initial_state([tf.constant(SUMMARY)], 7)
    features, weights = layer(EMBEDDED, layer.memory(VALUES, MASK), state)
    hidden = layer.stack(EMBEDDED, states=state["rnn"])[0].numpy()
    kernel, bias = (v.numpy() for v in layer.gate.variables)
    context = sigmoid(hidden @ kernel + bias) * (weights.numpy() @ VALUES)
    kernel, bias = (v.numpy() for v in layer.combine.variables)
    expected = np.tanh(np.concatenate([context, hidden], -1) @ kernel + bias)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)


def test_a_picture_as_word_adds_a_step():
    layer = randomised(PlainDecoder(2, 6, 5, reads="word"))
    state = layer.initial_state([tf.constant(SUMMARY)], 7)
    features, _ = layer(EMBEDDED, None, state)
    (dense,) = layer.bridges[0]
    longer = tf.concat([dense(SUMMARY)[:, None], EMBEDDED], 1)
    hidden, _ = layer.stack(longer, states=layer.stack.zero_state(3))
    np.testing.assert_allclose(features, layer.combine(hidden[:, 1:]), rtol=1e-4, atol=1e-5)


def test_plain_decoder_sees_its_summary():
    for reads in ("state", "word"):
        layer = randomised(PlainDecoder(1, 6, 5, reads=reads))
        one, other = (
            layer(EMBEDDED, None, layer.initial_state([tf.constant(s)], 7))[0]
            for s in (SUMMARY, SUMMARY + 1)
        )
        assert np.abs(one - other).max() > 1e-3
