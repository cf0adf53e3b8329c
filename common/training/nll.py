"""Negative log-likelihoods of held-out data, summed over all its batches."""

import functools
from typing import NamedTuple

import tensorflow as tf

from .losses import Losses


class TotalNLL(NamedTuple):
    """The summed negative log-likelihood of tokens in nats, and their number."""

    nll: float
    tokens: int

    @property
    def mean(self):
        """Nats per token."""
        return self.nll / self.tokens


def total_nll(token_losses, batches):
    """The `TotalNLL` of all batches of a `BatchSource`.

    Args:
        token_losses: (arrays, training=) -> `Losses`.
        batches: the `BatchSource`.
    """
    losses = Losses(*summed(token_losses, batches))
    return TotalNLL(float(losses.nll), int(losses.tokens))


def summed(losses, batches):
    """The sum of a function over all batches, as a float32 array.

    Args:
        losses: (arrays, training=) -> a tensor, or a tuple of scalars, which are stacked.
        batches: the `BatchSource`.
    """
    run = _traced(losses, batches.signature)
    return sum(run(batches.arrays(batch)).numpy() for batch in batches.order(0))


@functools.lru_cache(maxsize=4)  # training validates repeatedly, and tracing takes seconds
def _traced(losses, signature):
    return tf.function(
        lambda arrays: tf.convert_to_tensor(losses(arrays, training=False)),
        input_signature=[signature],
    )


def stream_nll(token_losses, streams, state):
    """The `TotalNLL` of `common.batches.Streams`.

    Args:
        token_losses: (arrays, state=, training=) -> `StreamLosses`.
        streams: the `Streams`.
        state: the initial state, a nest of tensors with `streams.batch_size` rows.
    """
    total, count = 0.0, 0
    for tokens, nll in carried(_traced_stream(token_losses), streams, state):
        total, count = total + float(nll), count + int(tokens)
    return TotalNLL(total, count)


@functools.lru_cache(maxsize=4)
def _traced_stream(token_losses):
    def run(arrays, state):
        losses = token_losses(arrays, state=state, training=False)
        return (losses.tokens, losses.nll), losses.state

    return tf.function(run, reduce_retracing=True)


def carried(step, streams, state):
    """Reads streams from beginning to end and yields the results of each batch.

    Args:
        step: (arrays, state) -> (results, next state).
        streams: `common.batches.Streams`.
        state: the initial state.
    """
    for batch in streams.order(0):
        results, state = step(streams.arrays(batch), state)
        yield results
