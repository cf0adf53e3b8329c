"""The likelihood of held-out data does not depend on batches or stream length."""

import numpy as np
import pytest
import tensorflow as tf

from common.batches import Batches, Streams
from common.config import BatchingConfig
from common.training import Losses, StreamLosses, carried, stream_nll, summed, total_nll
from common.training.nll import TotalNLL

ROWS = [[1, 2, 3], [4], [5, 5], [2, 1, 1, 3], [6]]


def token_losses(arrays, progress=0.0, training=True):
    """A token's nll is a tenth of its number; other training losses are not counted."""
    (tokens,) = arrays
    nll = tf.reduce_sum(tf.cast(tokens, tf.float32)) / 10
    count = tf.reduce_sum(tf.cast(tokens > 0, tf.float32))
    return Losses(nll + (100.0 if training else 0.0), count, nll)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_sum_over_all_batches(size):
    batches = Batches([ROWS], BatchingConfig(batch_size=size))
    found = total_nll(token_losses, batches)
    assert found == pytest.approx((3.3, 11)) and isinstance(found.tokens, int)
    assert found.mean == pytest.approx(0.3)


def test_a_table_is_summed_cell_by_cell():
    def layers(arrays, training):
        losses = token_losses(arrays, training=training)
        return tf.stack([[losses.nll, losses.tokens], [1.0, 0.0]])

    found = summed(layers, Batches([ROWS], BatchingConfig(batch_size=2)))
    np.testing.assert_allclose(found, [[3.3, 11], [3, 0]], rtol=1e-6)
    assert found.dtype == np.float32


def test_a_model_is_traced_once():
    traces = []

    def losses(arrays, training):
        traces.append(1)
        return token_losses(arrays, training=training)

    for seed in range(3):
        total_nll(losses, Batches([ROWS], BatchingConfig(batch_size=2), seed))
    assert len(traces) == 1


def running_losses(arrays, progress=0.0, state=None, training=True):
    """A token's nll is the sum of all tokens before it in its row: the state."""
    inputs, labels = (tf.cast(array, tf.float32) for array in arrays)
    before = state[:, None] + tf.cumsum(inputs, 1)
    scored = tf.cast(labels > 0, tf.float32)
    nll = tf.reduce_sum(scored * before)
    return StreamLosses(nll, tf.reduce_sum(scored), nll, before[:, -1])


@pytest.mark.parametrize("length", [2, 3, 50])
def test_a_stream_carries_its_state(length):
    tokens = np.array([4, 1, 2, 5, 3, 1, 1])
    found = stream_nll(running_losses, Streams(tokens, 1, length), tf.zeros([1]))
    before = np.cumsum([3, *tokens[:-1]])  # EOS = 3 precedes the first token
    assert found == TotalNLL(float(before.sum()), 7)


def test_carried_hands_over_results():
    streams = Streams(np.array([4, 1, 2, 5, 3]), 1, 2)
    found = carried(lambda arrays, state: (arrays[1].tolist(), state), streams, None)
    assert list(found) == [[[4, 1]], [[2, 5]], [[3]]]
