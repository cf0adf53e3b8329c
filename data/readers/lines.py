"""Reads the lines of text files, gzipped or not; every reader of text reads through here.

Only \\n (or \\r\\n) ends a line: str.splitlines also splits at U+2028, U+0085 and form feeds, which
shifts one side of an aligned pair against the other. Only in a file that has no \\n is it \\r.
"""

import contextlib
import gzip
import os
import pathlib
import shlex
from dataclasses import dataclass, field

from data import DataError, sources
from data.messages import printable

SHOWN = 10  # line numbers for each reason
MOST_NUMBERS = 100_000  # of them, in memory
BLOCK = 2**20
MOST_LINE = 2**24  # bytes
MOST_TEXT = 2**28  # bytes of a text that is read at once
MOST_DAMAGED = 0.02  # of all lines: more of them mean another encoding


@dataclass
class Report:
    """Counts of what was read: `total` lines, `kept` examples, and the lines left out.

    `dropped` has their numbers (from 1) under each reason, such as "empty" or "not UTF-8"; `unit`
    is what is counted, if not lines; `notes` say how the file was understood.
    """

    total: int = 0
    kept: int = 0
    dropped: dict[str, list[int]] = field(default_factory=dict)
    unit: str = "line"
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict, compare=False)

    def drop(self, reason, number):
        """Counts what was left out; of very many, only the first numbers are kept."""
        reason = str(reason)
        self.counts[reason] = count = self.counts.get(reason, 0) + 1
        if count <= MOST_NUMBERS:
            self.dropped.setdefault(reason, []).append(number)

    def __str__(self):
        def some(reason, numbers):
            count = self.counts.get(reason, len(numbers))
            shown = ", ".join(map(str, numbers[:SHOWN])) + (", ..." if numbers[SHOWN:] else "")
            return f"{count} {reason} ({units if count > 1 else self.unit} {shown})"

        units = {"entry": "entries"}.get(self.unit, f"{self.unit}s")
        reasons = ", ".join(some(reason, numbers) for reason, numbers in self.dropped.items())
        left_out = f"{self.total - self.kept} of {self.total} {units} left out"
        return f"{left_out}: {reasons}" if reasons else left_out


def text_lines(path, damaged=None):
    """Yields the lines of a UTF-8 text file, without line ends or byte order mark.

    Args:
        damaged: bytes of a line that is not UTF-8 -> what is yielded; None: None is.

    Raises: DataError for a file that is missing or unreadable, and at its end when more than
        MOST_DAMAGED of its lines (and more than one) are not UTF-8.
    """
    number, numbers, samples, count = 0, [], [], 0
    for number, line in enumerate(byte_lines(path), start=1):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text, count = damaged and damaged(line), count + 1
            if count <= SHOWN:
                numbers.append(number)
                samples.append(line[:1000])
        yield text
    if count > max(1, MOST_DAMAGED * number):
        some = ", ".join(map(str, numbers)) + (", ..." if count > SHOWN else "")
        raise DataError(
            f"{path}: {count} of {number} lines are not UTF-8 (lines {some}): "
            f"{conversion(path, b' '.join(samples))}"
        )


def decoded(line):
    """The text of a line; None: it is not UTF-8."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


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
                f"{path} line {number} is not UTF-8: {conversion(path, line)}"
            ) from error
    return lines


def read_text(path) -> str:
    """The whole text of a UTF-8 file, gzipped or not, without byte order mark.

    Raises: DataError for a file that is missing, damaged, not UTF-8 or longer than MOST_TEXT.
    """
    with opened(path) as file:
        content = file.read(MOST_TEXT + 1)
    if len(content) > MOST_TEXT:
        raise DataError(f"{path} has over {MOST_TEXT:,} bytes: write it as lines of JSON")
    try:
        return _marked(content, path).decode()
    except UnicodeDecodeError as error:
        place = content[max(0, error.start - 500) : error.start + 500]
        raise DataError(f"{path} is not UTF-8: {conversion(path, place)}") from error


def conversion(path, sample) -> str:
    """The command that makes a file UTF-8, by a guess at the encoding of its bytes."""
    path = pathlib.Path(path)
    made = path.with_name(f"{path.stem}.utf8{path.suffix}") if path.name else path
    old, new = (shlex.quote(printable(name)) for name in (path, made))
    convert = f"iconv -f {_encoding(sample)} -t UTF-8"
    if named(path, ".gz"):
        return f"convert it, as with zcat {old} | {convert} | gzip > {new}"
    return f"convert it, as with {convert} {old} > {new}"


def _encoding(sample) -> str:
    high = sum(byte > 127 for byte in sample)
    order = ("GB18030", "WINDOWS-1251") if 2 * high > len(sample) else ("WINDOWS-1252",)
    for name in order:
        with contextlib.suppress(UnicodeDecodeError):
            sample.decode(name)
            return name
    return "ISO-8859-1"


def named(path, *suffixes) -> bool:
    """Whether a file's name ends so, in capital or small letters."""
    return os.fspath(path).lower().endswith(suffixes)


@contextlib.contextmanager
def opened(path):
    """A file for reading bytes, those inside when it is a gzip file.

    Raises: DataError for a file that is missing, unreadable or a damaged gzip file.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115
    except (FileNotFoundError, ValueError) as error:  # or a name that no file can have
        raise DataError(f"there is no file {path}: check the name") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        try:
            first = file.peek(2)[:2]
            # The name counts too, so that a truncated or mislabelled .gz is not taken for text.
            if first == b"\x1f\x8b" or (first and named(path, ".gz")):
                with sources.named_when_damaged(path), gzip.open(file) as unpacked:
                    yield unpacked
            else:
                yield file
        except OSError as error:
            raise _unreadable(path, error) from error


def _unreadable(path, error):
    return DataError(f"{path} cannot be read ({error.strerror or error}): name a text file")


def byte_lines(path):
    """Yields the lines of a file, gzipped or not, without line ends or byte order mark.

    Raises: DataError for a file that is missing, damaged or has a line of over MOST_LINE bytes.
    """
    with opened(path) as file:
        block = _marked(file.read(BLOCK), path)
        end = b"\r" if b"\r" in block[:-1] and b"\n" not in block else b"\n"
        number, rest = 1, b""
        while block:
            block = rest + block
            lines = block.split(end)
            rest = lines.pop()
            number += len(lines)
            if len(rest) > MOST_LINE:
                raise DataError(
                    f"{path} line {number} has over {MOST_LINE:,} bytes: break it into lines, as "
                    "with fold -s -w 1000, if it is a text file"
                )
            if end == b"\n" and b"\r" in block:
                lines = [line.removesuffix(b"\r") for line in lines]
            yield from lines
            block = file.read(BLOCK)
        if rest:
            yield rest.removesuffix(b"\r")


def _marked(content, path):
    """The first bytes of a file, without the mark that says that it is UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path} is UTF-16: convert it, as with iconv -f UTF-16 -t UTF-8")
    return content.removeprefix(b"\xef\xbb\xbf")
