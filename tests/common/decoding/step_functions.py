"""Toy step functions for the tests of searches, and comparisons of their results."""

import numpy as np
import tensorflow as tf

from common.text import EOS, PAD

SOURCE = 4


class Model:
    """A tanh RNN with attention over a random memory; the same in numpy and in the graph."""

    def __init__(self, seed, vocab=8, units=6, rows=5, eos_bias=0.0):
        random = np.random.default_rng(seed)
        self.embedding = random.normal(size=[vocab, units])
        self.recurrent = random.normal(size=[units, units])
        self.keys = random.normal(size=[units, SOURCE])
        self.output = random.normal(size=[units + SOURCE, vocab]) * 1.5
        self.bias = np.zeros([vocab])
        self.bias[EOS] = eos_bias
        self.initial = random.normal(size=[rows, units])
        self.mask = np.arange(SOURCE) < random.integers(2, SOURCE + 1, size=[rows, 1])
        self.rows, self.vocab = rows, vocab

    def search(self, rows=None):
        """(step over `copies` copies of each row, state, mask) in numpy and in the graph."""
        rows = range(self.rows) if rows is None else rows
        initial, mask = self.initial[list(rows)], self.mask[list(rows)]
        state = {"h": initial, "attention": np.zeros([len(initial), SOURCE])}

        def step(tokens, state):
            copies = np.repeat(mask, len(tokens) // len(mask), 0)
            h = np.tanh(self.embedding[tokens] + state["h"] @ self.recurrent)
            attention = np.exp(h @ self.keys) * copies
            attention /= attention.sum(-1, keepdims=True)
            logits = np.concatenate([h, attention], -1) @ self.output + self.bias
            return logits, {"h": h, "attention": attention}

        return step, state, mask

    def graph(self, rows=None, dtype=tf.float32):
        _, state, mask = self.search(rows)
        state = {key: tf.constant(value, tf.float32) for key, value in state.items()}
        weights = (self.embedding, self.recurrent, self.keys, self.output, self.bias)
        embedding, recurrent, keys, output, bias = (tf.constant(w, tf.float32) for w in weights)

        def step(tokens, state):
            copies = tf.repeat(tf.cast(mask, tf.float32), tf.shape(tokens)[0] // len(mask), 0)
            h = tf.tanh(tf.gather(embedding, tokens) + state["h"] @ recurrent)
            attention = tf.exp(h @ keys) * copies
            attention /= tf.reduce_sum(attention, -1, keepdims=True)
            logits = tf.concat([h, attention], -1) @ output + bias
            return tf.cast(logits, dtype), {"h": h, "attention": attention}

        return step, state, mask


def table_step(log_probs):
    """A Markov model: logits [vocab, vocab] of the next token given the last; no state."""
    table = tf.constant(log_probs, tf.float32)
    return lambda tokens, state: (tf.gather(table, tokens), state)


def log(probabilities):
    return np.log(np.maximum(np.array(probabilities, np.float64), 1e-30))


def strings(result, row):
    """The (tokens, score, log_prob) of a row, in the form of the reference."""
    found = []
    for tokens, length, value, log_prob in zip(*(t[row].numpy() for t in result), strict=True):
        assert (tokens[length:] == PAD).all()
        if length:
            found.append((tuple(tokens[:length].tolist()), float(value), float(log_prob)))
    return found


def assert_same(found, expected):
    assert [string for string, _, _ in found] == [string for string, _, _ in expected]
    for numbers in (1, 2):
        np.testing.assert_allclose(
            [f[numbers] for f in found], [e[numbers] for e in expected], rtol=2e-5, atol=2e-5
        )


def assert_equal(one, other, exact=True):
    for a, b in zip(one, other, strict=True):
        if exact:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
