"""Quotes of TSV and CSV: what csv and pandas write comes back, plain text stays as it is."""

import csv
import io

import pytest

from data import DataError
from data.readers.lines import Report
from data.readers.rows import Reason, Table

ROWS = [
    ["text", "label"],
    ['"quoted"', "a"],
    ["two\nlines", "b"],
    ['say "no", tab\there', "c"],
    ["plain", "d"],
    ["", "e"],
    ['"', "f"],
    ['ends in quote"\n\nand goes on', "g"],
]


def write(path, rows, **options):
    text = io.StringIO()
    csv.writer(text, **options).writerows(rows)
    path.write_bytes(text.getvalue().encode())
    return path


def rows_of(path, sign):
    report = Report()
    return list(Table(path, report).rows(sign)), report.notes


@pytest.mark.parametrize("sign", "\t,;|")
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_csv_writes_comes_back(tmp_path, sign, quoting, end):
    path = write(tmp_path / "a", ROWS, delimiter=sign, quoting=quoting, lineterminator=end)
    found, notes = rows_of(path, sign)
    assert [row for _, row in found] == ROWS and not notes
    assert [number for number, _ in found] == [1, 2, 3, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "text",
    [
        '"Hello", he said.\t"Hallo", sagte er.\nThe "best" one\tDas "Beste"\n"I see."\t"Ach so."\n',
        '"I saw him\tIch sah ihn\nyesterday."\tgestern."\n',
        '5" disk\tDiskette\n"It opens\tEs beginnt\nx\ty\n',
        '""Well""\tGut\nx\t""y""\n',
        '"I see."\t"Ach so."\nYes\t"Ja."\n',
    ],
)
def test_plain_quotes_stay_as_they_are(tmp_path, text):
    (tmp_path / "a").write_text(text)
    found, notes = rows_of(tmp_path / "a", "\t")
    assert [row for _, row in found] == [line.split("\t") for line in text.splitlines()]
    assert not notes


def test_a_mixture_is_noted(tmp_path):
    path = tmp_path / "a"
    path.write_text('a\tb\n"""x"""\ty\n"two\nlines"\tz\n"Hello", he said\t"It"\nn"o\ty\n')
    found, [note] = rows_of(path, "\t")
    assert [row for _, row in found] == [
        ["a", "b"], ['"x"', "y"], ["two\nlines", "z"], ['"Hello", he said', "It"], ['n"o', "y"]
    ]  # fmt: skip
    assert (
        "is read as quoted TSV, but 2 of its lines have quotes that are plain text (5, 6)" in note
    )
    path.write_text('"""x"""\ty\n' + '"Hello", he said\ty\n' * 3)
    found, [note] = rows_of(path, "\t")
    assert found[0] == (1, ['"""x"""', "y"])
    assert "is read as plain TSV, but 1 of its lines have quotes as CSV has them (1)" in note


def test_a_quote_that_is_never_closed(tmp_path):
    path = tmp_path / "a"
    path.write_text('a,b\n"c,d\ne,f\n')
    with pytest.raises(DataError, match="a line 2: a quote is never closed: .*twice"):
        rows_of(path, ",")
    path.write_text('a\tb\n"""c"""\td\n"never\te\nf\tg\n')
    assert [row for _, row in rows_of(path, "\t")[0]][2:] == [['"never', "e"], ["f", "g"]]


def test_a_damaged_line_is_left_out(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b'a\tb\nc\t\xff\n"""d"""\te\n\n')
    found, _ = rows_of(path, "\t")
    assert found == [(1, ["a", "b"]), (2, "not UTF-8"), (3, ['"d"', "e"]), (4, "empty")]
    assert isinstance(found[1][1], Reason)
