"""Reads your own tables: TSV or CSV with a header line, JSON lines or a JSON list; also gzipped."""

import csv
import itertools
import json

from data import DataError
from data.readers import text_files
from data.store import Store

csv.field_size_limit(2**30)  # documents are longer than its default of 131,072 characters


def read(path, fields, flags, parse, kind):
    """Reads a record from each line, or from each entry of a JSON list.

    The first line shows which kind of table it is. Bad records are left out and counted.

    Args:
        fields: names of the columns (JSON: keys) that make up a record.
        flags: the flags by which a user names other fields, for the error message.
        parse: values of `fields` (TSV, CSV: strings; JSON: any values) -> the record;
            raises ValueError(reason) for a record to leave out.
        kind: the NamedTuple of a record.

    Returns: a Store of records, text_files.Report.
    Raises: DataError for a file that is missing, damaged or without a usable record, and for a
        table without the columns, listing those it has.
    """
    lines, seen, report = text_files.byte_lines(path), set(), text_files.Report()
    first = next(lines, b"")
    lines = itertools.chain([first], lines)
    begin = first.lstrip()[:1]
    if begin == b"{":
        rows = enumerate(map(_json_line, lines), start=1)
    elif begin == b"[":
        rows, report.unit = enumerate(_json_list(path, lines), start=1), "entry"
    else:
        comma = max(",", ";", key=first.decode("utf-8", "replace").count)  # Excel writes both
        is_csv = comma.encode() in first and b"\t" not in first
        rows = _csv(path, lines, comma) if is_csv else _tsv(lines)
        header = [name.strip() for name in next(rows)[1]]
        if missing := [name for name in fields if name not in header]:
            raise DataError(
                f"{path} has no column {' and no column '.join(map(repr, missing))}: its first "
                f"line names {', '.join(map(repr, header))} (fields are chosen by "
                f"{' and '.join(flags)})"
            )
        rows = ((number, _named(header, row)) for number, row in rows)

    def parsed():
        for number, row in rows:
            report.total += 1
            try:
                yield parse(_values(row, fields, seen))
            except ValueError as reason:
                report.dropped.setdefault(str(reason), []).append(number)

    records = Store(parsed(), kind)
    report.kept = len(records)
    if not records:
        named = f"; its fields are {', '.join(sorted(seen))}" if seen and begin in b"{[" else ""
        raise DataError(f"{path}: nothing usable, {report}{named}")
    return records, report


class _Reason(str):
    """Why a row is unusable; tables are iterators of (number, row or _Reason)."""


def _values(row, fields, seen):
    if isinstance(row, _Reason):
        raise ValueError(row)
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    seen.update(row)
    if missing := [name for name in fields if name not in row]:
        raise ValueError(f"without {missing[0]!r}")
    return [text_files.whole(row[name]) for name in fields]


def _named(header, row):
    if isinstance(row, _Reason):
        return row
    if len(row) != len(header):
        return _Reason("wrong number of columns")
    return dict(zip(header, row, strict=True))


def _json_line(line):
    if not line.strip():
        return _Reason("empty")
    try:
        return json.loads(line.decode())
    except UnicodeDecodeError:
        return _Reason("not UTF-8")
    except (ValueError, RecursionError):  # a number may be too long as well
        return _Reason("not JSON")


def _json_list(path, lines):
    try:
        return json.loads(b"\n".join(lines).decode())
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: convert it, as with iconv -t UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} begins as a JSON list does, but is not one ({error})") from error


def _tsv(lines):
    for number, line in enumerate(lines, start=1):
        if number > 1 and not line.strip():
            yield number, _Reason("empty")
            continue
        try:
            yield number, line.decode("utf-8", "replace" if number == 1 else "strict").split("\t")
        except UnicodeDecodeError:
            yield number, _Reason("not UTF-8")


def _csv(path, lines, comma):
    """Fields may be quoted, and then contain commas and line ends (RFC 4180)."""
    text = (line.decode("utf-8", "surrogateescape") + "\n" for line in lines)
    reader = csv.reader(text, delimiter=comma, strict=True)
    start = 1
    try:
        for row in reader:
            if not row:
                yield start, _Reason("empty")
            elif any("\udc80" <= sign <= "\udcff" for sign in "".join(row)):
                yield start, _Reason("not UTF-8")
            else:
                yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path} line {start}: {error}: put fields with commas, quotes or line ends in quotes, "
            "and write a quote inside twice"
        ) from error
