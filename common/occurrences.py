"""First occurrences of values, used to copy words from a source."""

import tensorflow as tf


def first_of_each(keys, positions):
    """For each element of `keys` `[n]` the smallest of the `positions` `[n]` with the same key."""
    _, group = tf.unique(keys)
    return tf.gather(tf.math.unsorted_segment_min(positions, group, tf.size(keys)), group)


def first_positions(tokens) -> tf.Tensor:
    """For each token, int32 `[batch, source]`, the first position of that token in its row."""
    batch, source = tf.unstack(tf.shape(tokens))
    rows = tf.repeat(tf.range(batch, dtype=tf.int64), source)
    largest = tf.cast(tf.reduce_max(tokens), tf.int64) + 1
    keys = rows * largest + tf.cast(tf.reshape(tokens, [-1]), tf.int64)
    positions = tf.tile(tf.range(source), [batch])
    return tf.reshape(first_of_each(keys, positions), [batch, source])
