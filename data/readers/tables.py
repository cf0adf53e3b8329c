"""People's own tables: TSV or CSV with a header line, JSON lines or a JSON list; gzipped or not."""

import csv
import itertools
import json

from data import DataError
from data.readers import text_files
from data.store import Store

csv.field_size_limit(2**30)  # documents are longer than the 131,072 characters it has at first


def read(path, fields, flags, parse, kind):
    """One record a line, of a JSON list one an entry; the first line tells which kind of table it
    is. Bad records are left out and counted.

    Args:
        fields: names of the columns (JSON: keys) that make up a record.
        flags: the flags by which a user names other fields, for the error message.
        parse: values of `fields` (TSV, CSV: strings; JSON: whatever stands there) -> the record;
            raises ValueError(reason) for one to leave out.
        kind: the NamedTuple that a record is.

    Returns: a Store of records, text_files.Report.
    Raises: DataError for a file that is missing, damaged or without a usable record, and for a
    table without the columns, naming those it has.
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
    """Why a row is none. Each kind of table gives pairs (number, row or reason)."""


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
        raise DataError(f"{path} begins as a JSON list does, but is none ({error})") from error


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
    """Fields may stand in quotes, and have commas and ends of lines there (RFC 4180)."""
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
            f"{path} line {start}: {error}: what has commas, quotes or ends of lines stands in "
            "quotes, and a quote there is written twice"
        ) from error
