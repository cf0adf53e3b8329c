"""Token rows on disk equal lists, whole and in part."""

import os
import tempfile
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from common.batches import RowWriter, encode, store
from common.errors import UserError
from common.lists import chunks_of
from common.text import EOS

LISTS = [[5, 6, 7], [], [8], list(range(9, 40))]


def same(rows, lists):
    return [row.tolist() for row in rows] == lists


def test_like_a_list_of_arrays():
    rows = store(iter(LISTS))
    assert len(rows) == 4 and same(rows, LISTS) and rows[-1].tolist() == LISTS[-1]
    assert rows[0].dtype == np.int32 and rows.sizes.tolist() == [3, 0, 1, 31]
    assert rows.flat.tolist() == sum(LISTS, [])
    with pytest.raises(IndexError):
        rows[4]


def test_parts():
    rows = store(LISTS)
    part = rows[np.array([3, 0])]
    assert same(part, [LISTS[3], LISTS[0]]) and part.sizes.tolist() == [31, 3] and len(part) == 2
    assert same(rows[rows.sizes > 1], [LISTS[0], LISTS[3]])
    assert same(part[::-1][:1], [LISTS[0]])


def test_appended_and_empty():
    writer = RowWriter()
    for row in LISTS:
        writer.append(row)
    assert same(writer.rows(), LISTS)
    for empty in (RowWriter().rows(), store([[], []])):
        assert empty.flat.shape == (0,) and all(len(row) == 0 for row in empty)


def test_encode_reads_in_pieces():
    def characters(texts):
        assert len(texts) <= 1024
        return tf.cast(tf.strings.unicode_decode(texts, "UTF-8"), tf.int32)

    texts = [f"é{n}" for n in range(2500)]
    rows = encode(characters, (text for text in texts))
    assert same(rows, [[*map(ord, text), EOS] for text in texts])
    assert len(encode(characters, [])) == 0


def test_parts_of_items():
    assert list(chunks_of(range(5), 2)) == [[0, 1], [2, 3], [4]] and list(chunks_of([], 2)) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a full disk at hand")
def test_a_full_disk_is_reported(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", partial(open, "/dev/full", "r+b"))
    with pytest.raises(UserError, match="temporary file .* No space left .* TMPDIR"):
        store([range(100_000)])
