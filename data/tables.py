"""People's own tables: a TSV with a header line, or JSON lines; gzipped or not."""

import itertools
import json

from data import DataError, text_files
from data.store import Store


def read(path, fields, flags, parse, kind):
    """One record a line, told apart by the first character; bad lines are left out and counted.

    Args:
        fields: names of the columns (JSON: keys) that make up a record.
        flags: the flags by which a user names other fields, for the error message.
        parse: values of `fields` (TSV: strings; JSON: whatever stands there) -> the record; raises
            ValueError(reason) for a line to leave out.
        kind: the NamedTuple that a record is.

    Returns: a Store of records, text_files.Report.
    Raises: DataError for a file that is missing, damaged or without a usable line, and for a TSV
    without the columns, naming those it has.
    """
    lines, seen = text_files.byte_lines(path), set()
    first = next(lines, b"")
    is_json = first.lstrip()[:1] == b"{"
    if is_json:
        lines = itertools.chain([first], lines)

        def values(line):
            return _json_values(line, fields, seen)
    else:
        header = [name.strip() for name in first.decode("utf-8", "replace").split("\t")]
        if missing := [name for name in fields if name not in header]:
            raise DataError(
                f"{path} has no column {' and no column '.join(map(repr, missing))}: its first "
                f"line names {', '.join(map(repr, header))} (fields are chosen by "
                f"{' and '.join(flags)})"
            )

        def values(line):
            return _tsv_values(line, len(header), [header.index(name) for name in fields])

    report = text_files.Report()

    def parsed():
        for number, line in enumerate(lines, start=1 if is_json else 2):
            report.total += 1
            try:
                if not line.strip():
                    raise ValueError("empty")
                yield parse(values(line))
            except ValueError as reason:
                report.dropped.setdefault(str(reason), []).append(number)

    records = Store(parsed(), kind)
    report.kept = len(records)
    if not records:
        named = f"; its fields are {', '.join(sorted(seen))}" if seen else ""
        raise DataError(f"{path}: nothing usable, {report}{named}")
    return records, report


def _tsv_values(line, count, columns):
    cells = _text(line).split("\t")
    if len(cells) != count:
        raise ValueError("wrong number of columns")
    return [cells[column] for column in columns]


def _json_values(line, fields, seen):
    try:
        row = json.loads(_text(line))
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    seen.update(row)
    if missing := [name for name in fields if name not in row]:
        raise ValueError(f"without {missing[0]!r}")
    return [row[name] for name in fields]


def _text(line):
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
