"""Reads your own text files: two aligned files, a TSV, plain lines; gzipped or not.

Only \\n (or \\r\\n) ends a line: str.splitlines also splits at U+2028, U+0085 and form feeds, which
shifts one side of an aligned pair against the other.
"""

import gzip
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from data import DataError, sources
from data.store import Store

SHOWN = 10  # line numbers for each reason


@dataclass
class Report:
    """Counts of what was read: `total` lines, `kept` examples, and the lines left out.

    `dropped` has their numbers (from 1) under each reason, such as "empty" or "not UTF-8"; `unit`
    is what is counted, if not lines.
    """

    total: int = 0
    kept: int = 0
    dropped: dict[str, list[int]] = field(default_factory=dict)
    unit: str = "line"

    def __str__(self):
        def some(reason, numbers):
            shown = ", ".join(map(str, numbers[:SHOWN])) + (", ..." if numbers[SHOWN:] else "")
            return f"{len(numbers)} {reason} ({units if numbers[1:] else self.unit} {shown})"

        units = {"entry": "entries"}.get(self.unit, f"{self.unit}s")
        reasons = ", ".join(some(reason, numbers) for reason, numbers in self.dropped.items())
        left_out = f"{self.total - self.kept} of {self.total} {units} left out"
        return f"{left_out}: {reasons}" if reasons else left_out


def read_parallel(source_path, target_path, max_chars=4000):
    """Reads two files of which line n of the one translates line n of the other.

    A pair is left out if a side is empty, not UTF-8 or longer than `max_chars`.

    Returns: a Store of (source, target), Report.
    Raises: DataError for a missing or damaged file, unequal numbers of lines, nothing usable.
    """
    counts = [0, 0]

    def rows():
        for row in itertools.zip_longest(byte_lines(source_path), byte_lines(target_path)):
            for side, cell in enumerate(row):
                counts[side] += cell is not None
            if counts[0] == counts[1]:
                yield row
        if counts[0] != counts[1]:
            raise DataError(
                f"{source_path} has {counts[0]} lines, but {target_path} has {counts[1]}: "
                "line n of one must translate line n of the other"
            )

    return _pairs(rows(), max_chars, f"{source_path} and {target_path}")


def read_tsv(path, columns=(0, 1), max_chars=4000):
    """Reads a file of tab-separated columns, two of which (counted from 0) are source and target.

    Returns and raises as `read_parallel` does.
    """

    def cells(line: bytes):
        found = line.split(b"\t")
        if not line.strip():
            return b"", b""
        return [found[c] for c in columns] if len(found) > max(columns) else None

    return _pairs(map(cells, byte_lines(path)), max_chars, path, "; columns are separated by tabs")


def read_lines(path) -> list[str]:
    """The lines of a UTF-8 text file, gzipped or not, without line ends or byte order mark.

    Raises: DataError for a file that is missing, damaged or not UTF-8.
    """
    lines = []
    for number, line in enumerate(byte_lines(path), start=1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path} line {number} is not UTF-8: convert the file, as with iconv -t UTF-8"
            ) from error
    return lines


def whole(value):
    """A JSON value with "?" for each lone surrogate in its texts, which no file could hold."""
    if isinstance(value, list):
        return [whole(item) for item in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def byte_lines(path):
    """Yields the lines of a file, gzipped or not, without line ends or byte order mark.

    Raises: DataError for a file that is missing or damaged.
    """
    try:
        with open(path, "rb") as file:
            first = file.peek(2)[:2]
            # The name counts too, so that a truncated or mislabelled .gz is not taken for text.
            if first == b"\x1f\x8b" or (first and str(path).endswith(".gz")):
                with sources.named_when_damaged(path), gzip.open(file) as unpacked:
                    yield from _stripped(unpacked, path)
            else:
                yield from _stripped(file, path)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}: check the name") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): name a text file") from error


def _stripped(file, path):
    for number, line in enumerate(file):  # of bytes: only \n ends a line
        if not number:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataError(f"{path} is UTF-16: convert it, as with iconv -f UTF-16 -t UTF-8")
            line = line.removeprefix(b"\xef\xbb\xbf")
            if not line:  # a byte order mark and nothing else
                return
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def _pairs(rows: Iterable, max_chars: int, what, hint=""):
    report = Report()

    def usable():
        for number, row in enumerate(rows, start=1):
            report.total = number
            reason, pair = _checked(row, max_chars)
            if reason:
                report.dropped.setdefault(reason, []).append(number)
            else:
                yield pair

    found = Store(usable())
    report.kept = len(found)
    if not found:
        raise DataError(f"{what}: nothing usable, {report}{hint}")
    return found, report


def _checked(row, max_chars):
    if row is None:
        return "wrong number of columns", None
    try:
        pair = tuple(cell.decode().strip() for cell in row)
    except UnicodeDecodeError:
        return "not UTF-8", None
    if not all(pair):
        return "empty", None
    if max(map(len, pair)) > max_chars:
        return "too long", None
    return None, pair
