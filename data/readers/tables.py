"""Reads your own tables: TSV or CSV with a header line, JSON lines or a JSON list; also gzipped."""

import os

from data import DataError
from data.messages import listed, shown
from data.readers import json_values, lines
from data.readers.rows import SIGNS, Reason, Table, unquoted
from data.store import Store


def read(path, fields, flags, parse, kind):
    """Reads a record from each line, or from each entry of a JSON list.

    The first line shows which kind of table it is. Bad records are left out and counted.

    Args:
        fields: names of the columns (JSON: keys) that make up a record.
        flags: the flags by which a user names other fields, for the error message.
        parse: values of `fields` (TSV, CSV: strings; JSON: any values) -> the record;
            raises ValueError(reason) for a record to leave out.
        kind: the NamedTuple of a record.

    Returns: a Store of records, lines.Report.
    Raises: DataError for a file that is missing, damaged or without a usable record, and for a
        table without the columns, listing those it has.
    """
    seen, report = {}, lines.Report()
    if is_list := _is_json_list(path):
        rows, report.unit = enumerate(_json_list(path), start=1), "entry"
    else:
        table = Table(path, report)
        if is_json := table.first.lstrip()[:1] in ("{", "["):
            rows = enumerate(map(_json_line, table.lines()), start=1)
        else:
            rows = _named_rows(table, fields, flags)

    def parsed():
        for number, row in rows:
            report.total += 1
            try:
                yield parse(_values(row, fields, seen))
            except ValueError as reason:
                report.drop(str(reason), number)

    records = Store(parsed(), kind)
    report.kept = len(records)
    if not records:
        named = f"; its fields are {listed(sorted(seen))}" if seen and (is_list or is_json) else ""
        raise DataError(f"{path}: nothing usable, {report}{named}")
    return records, report


def _named_rows(table, fields, flags):
    """(number, {name of its column: cell} or Reason) of each row below the header."""
    first, sign = table.first, "\t"
    if sign not in first:
        sign = max(SIGNS, key=first.count)  # spreadsheets write commas or semicolons
    rows = table.rows(sign if sign in first else "\t")
    header = next(rows, (1, [""]))[1]
    if isinstance(header, Reason):
        raise DataError(
            f"{table.path}: its first line, which names the columns, is {header}: "
            f"{lines.conversion(table.path, first.encode('utf-8', 'surrogateescape'))}"
        )
    header = [unquoted(name.strip()) for name in header]  # R quotes names, if not all words
    if missing := [name for name in fields if name not in header]:
        raise DataError(
            f"{table.path} has no column {' and no column '.join(map(shown, missing))}: its first "
            f"line names {listed(header)} (fields are chosen by {' and '.join(flags)})"
        )
    if twice := [name for name in fields if header.count(name) > 1]:
        places = [str(n) for n, name in enumerate(header, start=1) if name == twice[0]]
        raise DataError(
            f"{table.path} has {len(places)} columns {shown(twice[0])} (columns "
            f"{', '.join(places[:10])}): give each a name of its own"
        )
    for number, row in rows:
        if isinstance(row, Reason):
            yield number, row
        elif len(row) != len(header):
            yield number, Reason("wrong number of columns")
        else:
            yield number, dict(zip(header, row, strict=True))


def _values(row, fields, seen):
    if isinstance(row, Reason):
        raise ValueError(row)
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    if len(seen) < 1000:
        seen.update(dict.fromkeys(row))
    if missing := [name for name in fields if name not in row]:
        raise ValueError(f"without {shown(missing[0])}")
    return [json_values.whole(row[name]) for name in fields]


def _json_line(line):
    if line is None:
        return Reason("not UTF-8")
    if not line.strip():
        return Reason("empty")
    try:
        return json_values.parse(line)
    except ValueError:  # a number may be too long as well
        return Reason("not JSON")


def _is_json_list(path):
    if not os.path.isfile(path):  # a pipe can be read only once
        return False
    with lines.opened(path) as file:
        return file.peek(1024).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


def _json_list(path):
    try:
        return json_values.parse(lines.read_text(path))
    except ValueError as error:
        raise DataError(f"{path} begins as a JSON list does, but is not one ({error})") from error
