"""Where a value occurs first: what copying a word needs to know about its source."""

import tensorflow as tf


def first_of_each(keys, positions):
    """For each place of `keys` `[n]` the smallest of the `positions` `[n]` with the same key."""
    _, group = tf.unique(keys)
    return tf.gather(tf.math.unsorted_segment_min(positions, group, tf.size(keys)), group)


def first_positions(tokens) -> tf.Tensor:
    """For each place of int32 [batch, source] the first place of the same token in its row."""
    batch, source = tf.unstack(tf.shape(tokens))
    rows = tf.repeat(tf.range(batch, dtype=tf.int64), source)
    largest = tf.cast(tf.reduce_max(tokens), tf.int64) + 1
    keys = rows * largest + tf.cast(tf.reshape(tokens, [-1]), tf.int64)
    positions = tf.tile(tf.range(source), [batch])
    return tf.reshape(first_of_each(keys, positions), [batch, source])
