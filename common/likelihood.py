"""Likelihood of a long text, its state carried from batch to batch."""

import tensorflow as tf


def stream_nll(token_losses, streams, state):
    """(sum of nll, number of tokens) over `common.streams.Streams`.

    Args:
        token_losses: (arrays, state=, training=) -> (losses, tokens, nll, next state).
        state: the first state, a nest of tensors with `streams.batch_size` rows.
    """
    run = tf.function(
        lambda arrays, state: token_losses(arrays, state=state, training=False)[1:],
        input_signature=[
            streams.signature,
            tf.nest.map_structure(lambda t: tf.TensorSpec([None, *t.shape[1:]], t.dtype), state),
        ],
    )
    total, count = 0.0, 0
    for batch in streams.order(0):
        tokens, nll, state = run(streams.arrays(batch), state)
        total, count = total + float(nll), count + int(tokens)
    return total, count
