"""Many inputs through one compiled function."""

import numpy as np
import tensorflow as tf

from common.batched import Batched


def test_answers_come_back_in_order_with_like_inputs_together():
    traced, seen = [], []

    def function(batch, search):
        traced.append(search)
        tf.py_function(lambda texts: seen.append([t.decode() for t in texts.numpy()]), [batch], [])
        lengths = tf.cast(tf.strings.length(batch), tf.float32)
        return tf.stack([batch, search + batch], 1), tf.stack([lengths, -lengths], 1)

    batched, texts = Batched(function), ["ccc", "a", "dddd", "bb", ""]
    found = batched(texts, "x", size=2, key=len)
    assert found == [[(t, len(t)), ("x" + t, -len(t))] for t in texts]
    assert seen == [["", "a"], ["bb", "ccc"], ["dddd"]]
    assert batched(texts, "y")[0][1][0] == "yccc" and batched([], "x") == []
    assert traced == ["x", "y"]


def test_inputs_may_be_arrays():
    batched = Batched(lambda batch, search: (tf.strings.as_string(batch), batch + search))
    found = batched(np.arange(6, dtype=np.float32).reshape(3, 2), 1, size=2)
    assert [[score for _, score in row] for row in found] == [[1, 2], [3, 4], [5, 6]]
