"""Computes the log-probability of every token of texts."""

from typing import NamedTuple

import tensorflow as tf

from common.text import EOS, PAD
from common.training import smoothed_cross_entropy

AT_ONCE = 1024  # tokens whose logits are in memory at once


class Scored(NamedTuple):
    text: str
    tokens: list[str]
    log_probs: list[float]  # natural, of each token; the last token ends the line

    @property
    def total(self):
        return sum(self.log_probs)


def token_log_probs(model, tokens):
    """Ragged int32 `[n, (length)]` -> (log-probabilities `[n, time]`, labels `[n, time]`).

    Labels are the tokens and EOS, then PAD with log-probability 0. A text starts after the end of a
    line, from a zero state. Traceable.
    """
    end = tf.fill([tokens.nrows(tf.int32), 1], EOS)
    labels = tf.concat([tokens, end], 1).to_tensor(PAD)  # [n, time]
    outputs, _ = model(tf.concat([end, labels[:, :-1]], 1))
    places = tf.where(labels != PAD)  # [scored, 2]
    features, wanted = tf.gather_nd(outputs, places), tf.gather_nd(labels, places)
    total = tf.shape(wanted)[0]

    def part(start):
        stop = tf.minimum(start + AT_ONCE, total)
        found = smoothed_cross_entropy(model.logits(features[start:stop]), wanted[start:stop])
        return tf.pad(found.nll, [[0, AT_ONCE - (stop - start)]])

    nll = tf.map_fn(
        part,
        tf.range(0, total, AT_ONCE),
        parallel_iterations=1,
        fn_output_signature=tf.TensorSpec([AT_ONCE], tf.float32),
    )
    nll = tf.reshape(nll, [-1])[:total]
    return tf.scatter_nd(places, -nll, tf.shape(labels, tf.int64)), labels
