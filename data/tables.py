"""People's own tables: a TSV with a header line, or JSON lines; gzipped or not."""

import json

from data import DataError, text_files


def read(path, fields, flags, parse):
    """One record a line, told apart by the first character; bad lines are left out and counted.

    Args:
        fields: names of the columns (JSON: keys) that make up a record.
        flags: the flags by which a user names other fields, for the error message.
        parse: values of `fields` (TSV: strings; JSON: whatever stands there) -> the record; raises
            ValueError(reason) for a line to leave out.

    Returns: ([record, ...], text_files.Report).
    Raises: DataError for a file that is missing, damaged or without a usable line, and for a TSV
    without the columns, naming those it has.
    """
    lines = list(enumerate(text_files.byte_lines(path), start=1))
    seen = set()
    if lines and lines[0][1].lstrip()[:1] == b"{":

        def values(line):
            return _json_values(line, fields, seen)
    else:
        header = lines.pop(0)[1].decode("utf-8", "replace").split("\t") if lines else []
        header = [name.strip() for name in header]
        if missing := [name for name in fields if name not in header]:
            raise DataError(
                f"{path} has no column {' and no column '.join(map(repr, missing))}: its first "
                f"line names {', '.join(map(repr, header))} (fields are chosen by "
                f"{' and '.join(flags)})"
            )

        def values(line):
            return _tsv_values(line, len(header), [header.index(name) for name in fields])

    records, report = [], text_files.Report()
    for number, line in lines:
        report.total += 1
        try:
            if not line.strip():
                raise ValueError("empty")
            records.append(parse(values(line)))
        except ValueError as reason:
            report.dropped.setdefault(str(reason), []).append(number)
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
