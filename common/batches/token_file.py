"""Token sequences in a memory-mapped temporary file, which may exceed main memory."""

import contextlib
import tempfile
from array import array
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from ..errors import UserError
from ..lists import chunks_of
from ..special_tokens import EOS

CHUNK = 1024  # texts tokenized at once


class Rows(Sequence):
    """Integer sequences stored one after another in a memory-mapped array.

    The system caches as much of the file as memory allows; the index takes 12 bytes per row. An int
    index gives a sequence, an array or slice a `Rows` over the same file. Made by `store` or a
    `RowWriter`.

    Attributes:
        flat: int32 `[tokens]`, the tokens of all rows.
        sizes: int32 `[rows]`, the row lengths.
        starts: int64 `[rows]`, the offset of each row in `flat`.
    """

    def __init__(self, flat, sizes, starts):
        self.flat, self.sizes, self.starts = flat, sizes, starts

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, place):
        if isinstance(place, int | np.integer):
            start = self.starts[place]
            return self.flat[start : start + self.sizes[place]]
        return Rows(self.flat, self.sizes[place], self.starts[place])


class RowWriter:
    """Writes integer sequences into a temporary file, one by one.

    The file is unnamed, lies in Python's temporary folder ($TMPDIR), and disappears with the last
    `Rows` over it, even after kill -9.
    """

    def __init__(self):
        self._file, self._lengths = tempfile.TemporaryFile(), array("i")  # noqa: SIM115

    def append(self, row):
        """Writes one sequence; raises UserError when the disk is full."""
        self._lengths.append(len(row))
        with _told_when_full():
            self._file.write(np.asarray(row, np.int32).tobytes())

    def rows(self):
        """The `Rows` of all appended sequences."""
        with _told_when_full():
            self._file.flush()
        sizes = np.array(self._lengths, np.int32)
        ends = np.cumsum(sizes, dtype=np.int64)
        tokens = int(ends[-1]) if len(ends) else 0
        # An empty file cannot be mapped.
        flat = np.memmap(self._file, np.int32, "r", shape=tokens) if tokens else _NONE
        return Rows(flat, sizes, ends - sizes)


_NONE = np.zeros(0, np.int32)


@contextlib.contextmanager
def _told_when_full():
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write a temporary file in {tempfile.gettempdir()}: {error.strerror}; "
            "free some space, or set TMPDIR to another folder"
        ) from None


def store(sequences):
    """The `Rows` of an iterable of integer sequences."""
    writer = RowWriter()
    for sequence in sequences:
        writer.append(sequence)
    return writer.rows()


def encode(tokenize, texts):
    """The `Rows` of tokenized texts, each ending with EOS.

    Args:
        tokenize: string `[n]` -> ragged int32 `[n, (length)]`.
        texts: an iterable of strings.
    """

    def rows():
        for part in chunks_of(texts, CHUNK):
            ragged = tokenize(tf.constant([text.encode("utf-8", "replace") for text in part]))
            yield from tf.concat([ragged, tf.fill([len(part), 1], EOS)], 1).numpy()

    return store(rows())
