"""Token sequences that need not fit into memory."""

import functools
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
    """Sequences of integers, one behind the other in a file that is mapped into memory.

    The system keeps as much of it in memory as there is room for. The file has no name, stands
    where Python makes temporary files ($TMPDIR), and is gone when nobody holds the rows any more,
    also after kill -9. Memory holds 12 bytes a row. `rows[numbers]` is a part that reads the same
    file.

    Args:
        rows: sequences of integers. More can be appended until the rows are read.
    """

    def __init__(self, rows=()):
        self._file, self._lengths = tempfile.TemporaryFile(), array("i")  # noqa: SIM115
        for row in rows:
            self.append(row)

    def append(self, row):
        self._lengths.append(len(row))
        self._write(np.asarray(row, np.int32).tobytes())

    def _write(self, content=None):
        """Writes bytes; None: what is still waiting."""
        try:
            self._file.flush() if content is None else self._file.write(content)
        except OSError as error:
            raise UserError(
                f"cannot write a temporary file in {tempfile.gettempdir()}: {error.strerror}; "
                "make room, or name another folder by TMPDIR"
            ) from None

    @functools.cached_property
    def flat(self):
        """int32 `[tokens]`, all rows; of a part, those of the whole."""
        self._write()
        tokens = int(self.sizes.sum(dtype=np.int64))
        return np.memmap(self._file, np.int32, "r", shape=tokens) if tokens else _NONE

    @functools.cached_property
    def sizes(self):
        """int32 `[rows]`, their lengths."""
        return np.array(self._lengths, np.int32)

    @functools.cached_property
    def _starts(self):
        return np.cumsum(self.sizes, dtype=np.int64) - self.sizes

    def __len__(self):
        return len(self._lengths)

    def __getitem__(self, place):
        if isinstance(place, int | np.integer):
            start = self._starts[place]
            return self.flat[start : start + self.sizes[place]]
        part = Rows.__new__(Rows)
        part.flat, part.sizes, part._starts = self.flat, self.sizes[place], self._starts[place]
        part._lengths = part.sizes
        return part


_NONE = np.zeros(0, np.int32)


def encode(tokenize, texts):
    """The `Rows` of texts, each ending with EOS.

    Args:
        tokenize: string `[n]` -> ragged int32 `[n, (length)]`. texts: strings.
    """

    def rows():
        for part in chunks_of(texts, CHUNK):
            ragged = tokenize(tf.constant([text.encode("utf-8", "replace") for text in part]))
            yield from tf.concat([ragged, tf.fill([len(part), 1], EOS)], 1).numpy()

    return Rows(rows())
