"""Your own files: kept lines, left-out lines with their numbers, and errors."""

import gzip

import pytest

from data import DataError
from data.readers.lines import Report, read_lines, text_lines
from data.readers.text_files import read_parallel, read_tsv


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_pairs_stay_aligned_around_bad_lines(tmp_path):
    source = write(tmp_path / "s", b"one\n\ntwo\nb\xe9d\nthree\nfour\n")
    target = write(tmp_path / "t", "uno\ndue\n \nquattro\ntre\n" + "x" * 30 + "\n")
    pairs, report = read_parallel(source, target, max_chars=20)
    assert pairs == [("one", "uno"), ("three", "tre")]
    assert report == Report(6, 2, {"empty": [2, 3], "not UTF-8": [4], "too long": [6]})
    assert str(report) == (
        "4 of 6 lines left out: 2 empty (lines 2, 3), 1 not UTF-8 (line 4), 1 too long (line 6)"
    )


def test_report_shows_at_most_ten_numbers():
    report = Report(20, 8, {"empty": list(range(1, 13))})
    assert str(report).endswith("12 empty (lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...)")
    assert str(Report(3, 3)) == "0 of 3 lines left out"


def test_a_report_of_very_many_keeps_their_count():
    report = Report(total=300_000)
    for number in range(1, 300_001):
        report.drop("empty", number)
    assert str(report).startswith("300000 of 300000 lines left out: 300000 empty (lines 1, 2, ")
    assert len(report.dropped["empty"]) == 100_000


def test_unequal_files_are_an_error_with_both_counts(tmp_path):
    source, target = write(tmp_path / "s", "a\nb\nc\n"), write(tmp_path / "t", "a\nb")
    with pytest.raises(DataError, match="has 3 lines, but .* has 2"):
        read_parallel(source, target)


def test_nothing_usable_is_an_error(tmp_path):
    empty, blank = write(tmp_path / "e", ""), write(tmp_path / "b", "\n\n")
    with pytest.raises(DataError, match="nothing usable"):
        read_parallel(empty, empty)
    with pytest.raises(DataError, match="nothing usable, 2 of 2 lines left out: 2 empty"):
        read_parallel(blank, blank)


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_only_newline_ends_a_line(tmp_path, inside):
    assert read_lines(write(tmp_path / "s", f"a{inside}b\nc\n")) == [f"a{inside}b", "c"]


def test_bom_and_crlf_are_not_text(tmp_path):
    path = write(tmp_path / "s", b"\xef\xbb\xbfone\r\n\r\ntwo\r\n")
    assert read_lines(path) == ["one", "", "two"]


@pytest.mark.parametrize("name", ["s.gz", "s.txt"])
def test_gzip_by_content_or_name(tmp_path, name):
    assert read_lines(write(tmp_path / name, gzip.compress("é\nb".encode()))) == ["é", "b"]


def test_damaged_gzip_is_named(tmp_path):
    whole = gzip.compress(b"some text\n" * 100)
    flipped = whole[:15] + bytes([whole[15] ^ 255]) + whole[16:]
    for content in (whole[:-9], flipped, b"no gzip at all"):
        with pytest.raises(DataError, match="bad.gz"):
            read_lines(write(tmp_path / "bad.gz", content))


def test_other_unreadable_files_are_named(tmp_path):
    with pytest.raises(DataError, match="no file .*missing"):
        read_lines(tmp_path / "missing")
    with pytest.raises(DataError, match=str(tmp_path)):
        read_lines(tmp_path)
    with pytest.raises(DataError, match="u16 is UTF-16"):
        read_lines(write(tmp_path / "u16", "text".encode("utf-16")))
    with pytest.raises(DataError, match="line 2 is not UTF-8"):
        read_lines(write(tmp_path / "latin", b"a\nb\xe9\n"))


def test_tsv_columns(tmp_path):
    path = write(tmp_path / "t.tsv", "1\tone\tuno\n2\ttwo\n\n3\tthree\ttre\textra\n4\t\tquattro\n")
    pairs, report = read_tsv(path, columns=(2, 1))
    assert pairs == [("uno", "one"), ("tre", "three")]
    assert report.dropped == {"wrong number of columns": [2], "empty": [3, 5]}


def test_csv_and_headers(tmp_path):
    pairs = [("Hello, you", "Hallo, du"), ("Go", "Geh")]
    path = write(tmp_path / "a.csv", '"Hello, you","Hallo, du"\nGo,Geh\n')
    assert read_tsv(path)[0] == pairs
    path = write(tmp_path / "b.txt", ',en,de\n0,"Hello, you","Hallo, du"\n1,Go,Geh\n')  # of pandas
    found, report = read_tsv(path)
    assert found == pairs and report.kept == report.total == 2
    assert report.notes == [
        f"{path}: line 1 is a header: source and target are 'en' (column 2) and 'de' (column 3)"
    ]
    header = "English words/sentences\tGerman words/sentences\n"
    found, report = read_tsv(write(tmp_path / "c", header + '"Hello, you"\tHallo, du\nGo\tGeh\n'))
    assert found[1] == pairs[1] and report.notes
    found, report = read_tsv(write(tmp_path / "d", "No\tNo\nHe is German\tEr ist Deutscher\n"))
    assert len(found) == 2 and not report.notes


def test_quoted_tsv(tmp_path):
    path = write(tmp_path / "a.tsv", '"""Go"", he said"\tGeh\n"two\nlines"\tzwei\n')
    assert read_tsv(path)[0] == [('"Go", he said', "Geh"), ("two\nlines", "zwei")]


def test_another_encoding_is_an_error_with_its_cure(tmp_path):
    lines = [f"Grüße {n}" if n % 9 == 0 else f"line {n}" for n in range(100)]
    path = write(tmp_path / "own file.txt", "\n".join(lines).encode("cp1252"))
    other = write(tmp_path / "t", "\n".join(lines))
    cure = "iconv -f WINDOWS-1252 -t UTF-8 '.*own file.txt' > '.*own file.utf8.txt'"
    with pytest.raises(DataError, match=r"12 of 100 lines are not UTF-8 \(lines 1, 10, .*" + cure):
        read_parallel(path, other)
    with pytest.raises(DataError, match=cure):
        read_lines(path)
    write(path, "\n".join(["它不是一种好的编码"] * 9).encode("gb18030"))
    with pytest.raises(DataError, match="iconv -f GB18030"):
        list(text_lines(path))
    write(path, b"ok\n" * 98 + b"\xff\n\xfe\n")  # 2 %: as it is
    assert list(text_lines(path)).count(None) == 2


def test_old_line_ends(tmp_path):
    assert read_lines(write(tmp_path / "a", b"\xef\xbb\xbfone\rtwo\r\rthree")) == [
        "one", "two", "", "three"
    ]  # fmt: skip
    assert read_lines(write(tmp_path / "b", b"\xef\xbb\xbf")) == []


def test_lines_over_blocks(tmp_path):
    lines = ["x" * (2**20 - 1), *(f"{n}\ry" + "x" * (2**20 - n) for n in range(6)), "", "z" * 2**21]
    path = write(tmp_path / "a", "\r\n".join(lines))
    assert read_lines(path) == lines


def test_a_line_without_end_is_refused(tmp_path):
    path = write(tmp_path / "a.txt.gz", gzip.compress(bytes(40_000_000)))
    with pytest.raises(DataError, match="line 1 has over 16,777,216 bytes: break it"):
        read_lines(path)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300])
def test_names_that_no_file_can_have(name):
    with pytest.raises(DataError) as caught:
        read_lines(name)
    assert str(caught.value).isprintable()
