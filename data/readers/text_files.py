"""Reads your own sentence pairs: two aligned text files, or a TSV or CSV; gzipped or not."""

import itertools
import re
from collections.abc import Iterable

from data import DataError
from data.messages import shown
from data.readers.lines import Report, named, read_lines, text_lines
from data.readers.rows import SIGNS, Reason, Table
from data.store import Store

__all__ = ["Report", "read_lines", "read_parallel", "read_tsv"]

# Names of columns with sentences; languages come with words as in "English words/sentences".
SIDES = ("source", "target", "src", "tgt", "trg", "input", "output", "original", "translation")
NAMES = """
    arabic chinese czech dutch english finnish french german greek hebrew hindi hungarian italian
    japanese korean latin norwegian polish portuguese romanian russian spanish swedish turkish
    ukrainian vietnamese ar zh cs nl en fi fr de el he hi hu it ja ko la no pl pt ro ru es sv tr uk
    vi eng fra fre deu ger spa ita por rus cmn zho chi jpn kor zh-cn zh-tw en-us en-gb pt-br
    deutsch français español italiano 中文 英文 日本語 英語 русский
"""
LANGUAGES = frozenset(NAMES.split())
LANGUAGE = re.compile(r"(\S+?)([ _](words|sentences|text|words/sentences|sentence|word))?")


def read_parallel(source_path, target_path, max_chars=4000):
    """Reads two files of which line n of the one translates line n of the other.

    A pair is left out if a side is empty, not UTF-8 or longer than `max_chars`.

    Returns: a Store of (source, target), Report.
    Raises: DataError for a missing or damaged file, unequal numbers of lines, nothing usable.
    """
    counts = [0, 0]

    def rows():
        sides = (text_lines(path, bytes) for path in (source_path, target_path))
        for number, row in enumerate(itertools.zip_longest(*sides), start=1):
            for side, cell in enumerate(row):
                counts[side] += cell is not None
            if counts[0] == counts[1]:
                yield number, row
        if counts[0] != counts[1]:
            raise DataError(
                f"{source_path} has {counts[0]} lines, but {target_path} has {counts[1]}: "
                "line n of one must translate line n of the other"
            )

    return _pairs(rows(), max_chars, f"{source_path} and {target_path}")


def read_tsv(path, columns=None, max_chars=4000):
    """Reads a table of which two columns are source and target.

    It is CSV if its first line has no tab and it is named .csv or has a header. A header is told
    by its names (languages, "source" and "target") and is not a pair.

    Args:
      columns: (source, target), counted from 0; None: those that the header names, else the first
        two.

    Returns and raises as `read_parallel` does.
    """
    report = Report()
    table = Table(path, report)
    sign = "\t"
    if sign not in table.first:
        best = max(SIGNS, key=table.first.count)
        is_csv = named(path, ".csv", ".csv.gz") or _header(table.first.split(best))
        sign = best if best in table.first and is_csv else sign

    def rows():
        chosen = columns or (0, 1)
        for number, row in table.rows(sign):
            if number == 1 and not isinstance(row, Reason) and (names := _header(row)):
                chosen = columns or names
                told = " and ".join(f"{shown(row[n].strip())} (column {n + 1})" for n in chosen)
                report.notes.append(f"{path}: line 1 is a header: source and target are {told}")
            elif isinstance(row, Reason):
                yield number, row
            elif len(row) > max(chosen):
                yield number, [row[n] for n in chosen]
            else:
                yield number, Reason("wrong number of columns" if any(row) else "empty")

    what = "; columns are separated by tabs, in a file named .csv by commas"
    return _pairs(rows(), max_chars, path, what, report)


def _header(row):
    """The places of the first two columns that a row names as sentences; None: no header."""
    if isinstance(row, Reason):
        return None
    names = [cell.strip().strip('"').lower() for cell in row]
    found = [n for n, name in enumerate(names) if name in SIDES or _names_a_language(name)]
    different = len({names[n] for n in found[:2]}) == 2
    return tuple(found[:2]) if different else None


def _names_a_language(text):
    found = LANGUAGE.fullmatch(text)
    return bool(found) and found[1] in LANGUAGES


def _pairs(rows: Iterable, max_chars: int, what, hint="", report=None):
    report = report or Report()

    def usable():
        for number, row in rows:
            report.total += 1
            reason, pair = _checked(row, max_chars)
            if reason:
                report.drop(reason, number)
            else:
                yield pair

    found = Store(usable())
    report.kept = len(found)
    if not found:
        raise DataError(f"{what}: nothing usable, {report}{hint}")
    return found, report


def _checked(row, max_chars):
    if isinstance(row, Reason):
        return str(row), None
    if not all(isinstance(cell, str) for cell in row):
        return "not UTF-8", None
    pair = tuple(cell.strip() for cell in row)
    if not all(pair):
        return "empty", None
    if max(map(len, pair)) > max_chars:
        return "too long", None
    return None, pair
