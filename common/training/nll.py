"""Likelihood of a long text, its state carried from batch to batch."""

import functools

import tensorflow as tf


def stream_nll(token_losses, streams, state):
    """(sum of nll, number of tokens) over `common.batches.Streams`.

    Args:
        token_losses: (arrays, state=, training=) -> (losses, tokens, nll, next state).
        state: the first state, a nest of tensors with `streams.batch_size` rows.
    """
    run = _traced(token_losses)
    total, count = 0.0, 0
    for batch in streams.order(0):
        tokens, nll, state = run(streams.arrays(batch), state)
        total, count = total + float(nll), count + int(tokens)
    return total, count


@functools.lru_cache(maxsize=4)  # a training validates again and again, and tracing takes seconds
def _traced(token_losses):
    return tf.function(
        lambda arrays, state: token_losses(arrays, state=state, training=False)[1:],
        reduce_retracing=True,
    )
