"""A list of examples on disk, which need not fit into memory."""

import json
import os
import tempfile
from array import array
from collections.abc import Sequence

import numpy as np

from data import DataError


class Store(Sequence):
    """A list on disk of strings, or of tuples of strings and tuples.

    Its file is an unnamed temporary file (in $TMPDIR), which vanishes with the list, even after
    kill -9. Memory holds 16 bytes for each example. A slice, or the result of `taken`, reads the
    same file. Any thread may read.

    Args:
        items: the examples.
        kind: their NamedTuple; None: strings or plain tuples.

    Raises: DataError when the file cannot be written.
    """

    def __init__(self, items, kind=None):
        self._file, self._kind = tempfile.TemporaryFile(), kind  # noqa: SIM115
        starts, end = array("q"), 0
        for item in items:
            starts.append(end)
            line = json.dumps(item, ensure_ascii=False).encode("utf-8", "surrogatepass")
            end += len(line)
            self._write(line)
        self._write()
        self._starts = np.frombuffer(starts, np.int64) if starts else np.zeros(0, np.int64)
        self._ends = np.append(self._starts[1:], end)

    def _write(self, line=None):
        """Writes a line; None flushes."""
        try:
            self._file.flush() if line is None else self._file.write(line)
        except OSError as error:
            raise DataError(
                f"cannot write a temporary file in {tempfile.gettempdir()}: {error.strerror}; "
                "make room, or set TMPDIR to another folder"
            ) from None

    def fileno(self) -> int:
        """The descriptor of the file."""
        return self._file.fileno()

    def __len__(self):
        return len(self._starts)

    def __getitem__(self, place):
        if isinstance(place, int | np.integer):
            start, end = int(self._starts[place]), int(self._ends[place])
            found = _tupled(json.loads(os.pread(self.fileno(), end - start, start)))
            return self._kind(*found) if self._kind else found
        part = object.__new__(Store)
        part._file, part._kind = self._file, self._kind
        part._starts, part._ends = self._starts[place], self._ends[place]
        return part

    def __eq__(self, other):
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self):
        return f"<{len(self):,} stored>"


def taken(examples, numbers):
    """The examples with these numbers, as a `Store` of a `Store` and as a list of a list."""
    if isinstance(examples, Store):
        return examples[np.asarray(numbers, np.int64)]
    return [examples[number] for number in numbers]


def _tupled(value):
    return tuple(map(_tupled, value)) if isinstance(value, list) else value
