"""Many inputs through one compiled function."""

import numpy as np
import pytest
import tensorflow as tf

from common.errors import UserError
from common.searches import Sampling
from common.serving import Batched


def test_answers_keep_order_though_like_inputs_batch():
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


def test_seeds_share_a_graph():
    traced = []

    def function(batch, search):
        traced.append(search)
        numbers = tf.strings.to_number(batch)[:, None]
        seeds = tf.cast(search.seed, tf.float32)
        return batch[:, None], search.top_k * numbers + seeds

    batched = Batched(function)
    for seed in (1, 5):
        assert batched(["2"], Sampling(seed, top_k=10)) == [[("2", 20 + seed)]]
    assert batched(["2"], Sampling(1, top_k=3)) == [[("2", 7)]]
    assert len(traced) == 2


def test_inputs_may_have_parts():
    batched = Batched(lambda batch, search: (batch[1][:, None], search * batch[0][:, 1:]))
    rows = list(zip(np.arange(6, dtype=np.float32).reshape(3, 2), "abc", strict=True))
    found = batched(rows, 2, size=2)
    assert found == [[("a", 2)], [("b", 6)], [("c", 10)]]


def test_what_a_search_refuses_is_one_line():
    def refuse(batch, search):
        raise UserError("no")

    with pytest.raises(UserError, match="^no$"):
        Batched(refuse)(["a"], "x")


def test_inputs_may_be_arrays():
    batched = Batched(lambda batch, search: (tf.strings.as_string(batch), batch + search))
    found = batched(np.arange(6, dtype=np.float32).reshape(3, 2), 1, size=2)
    assert [[score for _, score in row] for row in found] == [[1, 2], [3, 4], [5, 6]]
