"""Token sequences that need not fit into memory."""

import contextlib
import tempfile
from array import array
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from ..errors import UserError
from ..lists import chunks_of
from ..special_tokens import EOS

CHUNK = 1024  # texts tokenised at once


class Rows(Sequence):
    """Sequences of integers, read from an array that holds them one after the other.

    The array is a file mapped into memory, of which the system keeps as much in memory as there is
    room for; besides it memory holds 12 bytes a row. `rows[numbers]` reads the same file. Made by
    `store` or a `RowWriter`.

    Attributes:
        flat: int32 `[tokens]`, all rows of the file.
        sizes: int32 `[rows]`, their lengths.
        starts: int64 `[rows]`, the place of each row's first token in `flat`.
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
    """Writes sequences of integers into a temporary file, one by one.

    The file has no name, is made where Python makes temporary files ($TMPDIR), and disappears with
    the last `Rows` that read it, also after kill -9.
    """

    def __init__(self):
        self._file, self._lengths = tempfile.TemporaryFile(), array("i")  # noqa: SIM115

    def append(self, row):
        self._lengths.append(len(row))
        with _told_when_full():
            self._file.write(np.asarray(row, np.int32).tobytes())

    def rows(self):
        """The `Rows` of all that was appended."""
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
            "make room, or name another folder by TMPDIR"
        ) from None


def store(sequences):
    """The `Rows` of an iterable of integer sequences."""
    writer = RowWriter()
    for sequence in sequences:
        writer.append(sequence)
    return writer.rows()


def encode(tokenize, texts):
    """The `Rows` of texts, each ending with EOS.

    Args:
        tokenize: string `[n]` -> ragged int32 `[n, (length)]`. texts: strings.
    """

    def rows():
        for part in chunks_of(texts, CHUNK):
            ragged = tokenize(tf.constant([text.encode("utf-8", "replace") for text in part]))
            yield from tf.concat([ragged, tf.fill([len(part), 1], EOS)], 1).numpy()

    return store(rows())
