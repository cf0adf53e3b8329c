"""Documents with summaries: docstrings from source files, the three sets, your own files."""

import bz2
import gzip
import io
import json
import tarfile
import textwrap
import zipfile

import pytest

import data
from data import DataError
from data.aeslc.aeslc_dataset_builder import parse
from data.debian_descriptions.debian_descriptions_dataset_builder import index_rows
from data.docstrings import collect
from data.docstrings.docstrings_dataset_builder import select
from data.readers import documents

BODY = "It has more than twelve words of prose, which are about {} and nothing else at all."

# Docstrings --------------------------------------------------------------------------------------

SOURCE = '''
"""A module.

Its text."""
raise RuntimeError("was imported")

class Thing:
    """A thing.

    Of a class."""
    async def go(self):
        "One line."
    def plain(self): pass

add_newdoc("np.core", "sin", """
    sin(x, /)

    Sine, by the clock.

    Of `x`.
    """)
'''


def test_docstrings_are_read_and_nothing_is_run(tmp_path):
    path = tmp_path / "made_up.py"
    path.write_text(SOURCE)
    found = dict(collect.docstrings(path))
    assert found.pop("sin") == "sin(x, /)\n\nSine, by the clock.\n\nOf `x`."
    assert found == {"": "A module.\n\nIts text.", "Thing": "A thing.\n\nOf a class.", "go": "One line."}  # fmt: skip # noqa: E501
    path.write_text("print 'old'")
    assert list(collect.docstrings(path)) == []
    path.write_bytes(b"\xff\xfe")
    assert list(collect.docstrings(path)) == []


def test_source_files_leave_out_tests_and_copies(tmp_path):
    root = tmp_path / "tensorflow"
    for name in ("a.py", "b/c.py", "tests/d.py", "b/test_e.py", "b/e_test.py", "python/keras/f.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    assert [module for module, _ in collect.source_files(root)] == ["a", "b.c"]
    assert [module for module, _ in collect.source_files(root, ("b",))] == ["b.c"]


def test_a_docstring_is_cleaned():
    text = textwrap.dedent("""\
        sum(a, *b)

        Adds the :func:`~x.add` of `a`,
        see `Docs <http://x>`_ or [here](http://y).

        Like this::

            code(1)

        .. versionadded:: 1
           Not told.

        Parameters
        ----------
        a : int
            **Bold** and ``code``.

        >>> sum(1)
        1

        ```
        fenced
        ```
        The end.""")
    summary, document = collect.split_docstring(text)
    assert summary == "Adds the x.add of a, see Docs <http://x> or here."
    assert document == "Like this: Parameters a : int Bold and code. The end."


def test_select_keeps_modules_together_and_nothing_twice():
    rows = [(f"p.m{n}:f", f"m{n}", f"Does thing {n}.\n\n{n} {BODY.format(n)}") for n in range(300)]
    rows += [("q.m1:g", "q.m1", f"Does another thing.\n\nNew. {BODY.format('one')}")]
    rows += [("r:same", "r", rows[0][2]), ("r:short", "r", "Does it.\n\nToo short.")]
    rows += [("r:same opening", "r", f"Does this too.\n\n0 {BODY.format('something else')}")]
    rows += [("r:table", "r", f"Is a table:\n\n{BODY}"), ("r:code", "r", f"% x {{}} y\n\n{BODY}")]
    splits, left_out = select(rows)
    where = {row["id"]: split for split, kept in splits.items() for row in kept}
    assert len(where) == 301 and all(splits.values())
    assert where["p.m1:f"] == where["q.m1:g"]  # the same module name
    assert left_out == {"no or too short text": 1, "no sentence": 2, "repeated": 2}


def test_the_small_set_of_docstrings(tmp_path):
    train, held = (documents.of_set("docstrings", s, "small", tmp_path) for s in ("train", "test"))
    assert len(train) > 100 and held
    texts = [example.document for example in (*train, *held)]
    assert len(set(texts)) == len(texts)
    assert all(len(e.references) == 1 and 3 <= len(e.references[0].split()) <= 20 for e in train)


# Sets out of raw files ---------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.setenv("RAW_DATA", str(tmp_path / "raw"))
    for name in ("aeslc", "samsum", "debian_descriptions"):
        (tmp_path / "raw" / name).mkdir(parents=True)
    return tmp_path / "raw"


MAIL = "Dear all,\nplease  read.\n\n@subject\nA subject\n\n@ann0\nOne\n@ann1\nTwo\n@ann2\nThree\n"


def archive(path, names):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            text = MAIL.encode() if "dev" in name else MAIL.split("@ann0")[0].encode()
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    path.write_bytes(gzip.compress(content.getvalue()))


def test_aeslc(raw, tmp_path):
    names = [
        f"x/enron_subject_line/{split}/a_{split}.subject" for split in ("train", "dev", "test")
    ]
    archive(raw / "aeslc" / "aeslc.tar.gz", names)
    [mail] = documents.of_set("aeslc", "validation", data_dir=tmp_path)
    assert mail.document == "Dear all,\nplease  read."
    assert mail.references == ("A subject", "One", "Two", "Three")
    assert documents.of_set("aeslc", "train", data_dir=tmp_path)[0].references == ("A subject",)
    assert parse("only text")["summary"] == ""


def test_aeslc_in_parts_or_damaged(raw, tmp_path):
    path = raw / "aeslc" / "aeslc.tar.gz"
    archive(path, ["x/enron_subject_line/train/a.subject"])
    with pytest.raises(DataError, match="lacks a part"):
        data.builder("aeslc", data_dir=tmp_path)
    path.write_bytes(gzip.compress(b"no tar " * 100))
    with pytest.raises(DataError, match="damaged archive"):
        data.builder("aeslc", data_dir=tmp_path)


DIALOGUE = (
    'id,dialogue,summary\r\n1,"Ann: Hi \U0001f600\r\n\r\nBob:  Hello",They  meet.\r\n2,,x\r\n'
)


@pytest.mark.parametrize("form", ["gz", "zip"])
def test_samsum(raw, tmp_path, form):
    if form == "gz":
        for name in ("train", "validation"):
            (raw / "samsum" / f"{name}.csv.gz").write_bytes(gzip.compress(DIALOGUE.encode()))
    else:
        with zipfile.ZipFile(raw / "samsum" / "samsum.zip", "w") as file:
            file.writestr("train.csv", DIALOGUE)
            file.writestr("data/validation.csv", DIALOGUE)
    [example] = documents.of_set("samsum", "validation", data_dir=tmp_path)
    assert example == ("Ann: Hi \U0001f600\nBob: Hello", ("They meet.",))
    assert data.builder("samsum", data_dir=tmp_path).info.metadata["left out"] == {"empty": 2}


INDEX = """\
Package: one
Description-md5: x
Description-en: {0}
 .
 First line of
   the paragraph.
 .
 Second paragraph.

Package: two
Description-en: other
 Text.
"""


def test_debian_index_and_prepared_files_agree(raw, tmp_path):
    assert list(index_rows(INDEX.format("tool")))[0] == {
        "id": "one",
        "document": "First line of the paragraph.",
        "summary": "tool",
    }
    folder = raw / "debian_descriptions"
    text = "".join(f"Package: p{n:03}\nDescription-en: tool {n}\n {n} {BODY}\n .\n x\n\n" for n in range(200))  # fmt: skip # noqa: E501
    text += "Package: z\nDescription-en: Tool 1!\n y " + BODY + "\n"
    (folder / "Translation-en.bz2").write_bytes(bz2.compress(text.encode()))
    of_index = {s: documents.of_set("debian_descriptions", s, data_dir=tmp_path / "1") for s in data.SPLITS}  # fmt: skip # noqa: E501
    assert sum(map(len, of_index.values())) == 200 and all(of_index.values())
    rows = [{**row, "package": row.pop("id")} for row in index_rows(text)]
    for n, split in enumerate(("train", "validation", "test")):
        lines = "".join(json.dumps(row) + "\n" for row in rows[n::3])
        (folder / f"summaries.{split}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    for split in data.SPLITS:
        found = documents.of_set("debian_descriptions", split, data_dir=tmp_path / "2")
        assert found == of_index[split]


def test_a_set_without_summaries_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no documents"):
        documents.of_set("hsk", "test")


# Your own files ------------------------------------------------------------------------------


def test_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [
        '{"document": "one\\ntwo", "summary": " s  1 ", "id": 3}',
        '{"document": ["a\\fb", "", "c"], "summary": ["x", "y"]}',
        "",
        "no json",
        "[1]",
        '{"document": "d"}',
        '{"document": "d", "summary": 5}',
        '{"document": " ", "summary": "s"}',
    ]
    path.write_bytes("\n".join(rows).encode() + b'\n{"document": "\xff", "summary": "s"}\n')
    found, report = documents.of_file(path)
    assert found == [("one\ntwo", ("s 1",)), ("a b\fc", ("x", "y"))]
    assert report.kept == 2 and report.total == 9
    assert report.dropped == {
        "empty": [3, 8],
        "not JSON": [4],
        "not a JSON object": [5],
        "without 'summary'": [6],
        "not text": [7],
        "not UTF-8": [9],
    }
    path.write_text('{"text": "a", "title": "b"}\n')
    assert documents.of_file(path, "text", "title")[0] == [("a", ("b",))]
    with pytest.raises(DataError, match="nothing usable.*its fields are 'text', 'title'"):
        documents.of_file(path)


def test_tables(tmp_path):
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"id\tsummary\tdocument\r\n1\ts\td\r\n\r\n2\ts\r\n3\t\td\r\n"))
    found, report = documents.of_file(path)
    assert found == [("d", ("s",))]
    assert report.dropped == {"empty": [3, 5], "wrong number of columns": [4]}
    with pytest.raises(DataError, match="no column 'text': its first line names 'id', 'summary'"):
        documents.of_file(path, "text")
    path = tmp_path / "empty.tsv"
    path.write_text("")
    with pytest.raises(DataError, match="no column"):
        documents.of_file(path)
    path.write_text("document\tsummary\n")
    with pytest.raises(DataError, match="nothing usable"):
        documents.of_file(path)


def test_csv(tmp_path):
    path = tmp_path / "a.csv"
    rows = [
        b'document, id,"summary"',
        b'"one, ""two""',  # continues on the next line
        b'three",1,s',
        b"",
        b"a,2",
        b"\xff,3,s",
        b"d,4,what?",
        b"\xef\xbf\xbd?,5,s",
    ]
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(rows))
    found, report = documents.of_file(path)
    assert found == [('one, "two"\nthree', ("s",)), ("d", ("what?",)), ("\ufffd?", ("s",))]
    assert report.dropped == {"empty": [4], "wrong number of columns": [5], "not UTF-8": [6]}
    with pytest.raises(DataError, match="no column 'text': .* names 'document', 'id', 'summary'"):
        documents.of_file(path, "text")
    path.write_text('summary;document\n"a; b";"c, d"\n')
    assert documents.of_file(path)[0] == [("c, d", ("a; b",))]
    path.write_text('document,summary\na,b\n"' + "x" * 200_000 + '",c\n')
    assert len(documents.of_file(path)[0][1].document) == 200_000
    path.write_text('document,summary\na,b\n"never ended,c\nd,e\n')
    with pytest.raises(DataError, match="a.csv line 3: .* write a quote inside twice"):
        documents.of_file(path)


def test_json_without_text_or_with_huge_numbers(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [
        '{"document": ["a \\ud83d", "b"], "summary": "\\udc00"}',
        '{"document": ' + "9" * 5000 + "}",
    ]
    path.write_text("\n".join(rows))
    found, report = documents.of_file(path)
    assert found == [("a ?\fb", ("?",))] and report.dropped == {"not JSON": [2]}
    path.write_text("[" + "9" * 5000 + "]")
    with pytest.raises(DataError, match="is not one"):
        documents.of_file(path)


def test_json_list(tmp_path):
    path = tmp_path / "a.json"
    rows = [{"document": "a", "summary": "b"}, 3, {"document": "c"}, {"document": "d"}]
    path.write_text(json.dumps(rows, indent=2))
    found, report = documents.of_file(path)
    assert found == [("a", ("b",))]
    assert str(report) == (
        "3 of 4 entries left out: 1 not a JSON object (entry 2), 2 without 'summary' (entries 3, 4)"
    )
    path.write_text('[{"document": "a"')
    with pytest.raises(DataError, match="begins as a JSON list does, but is not one .*column"):
        documents.of_file(path)
    path.write_bytes(b'[{"document": "\xff"}]')
    with pytest.raises(DataError, match="not UTF-8: convert it"):
        documents.of_file(path)
    path.write_text("[]")
    with pytest.raises(DataError, match="nothing usable, 0 of 0 entries"):
        documents.of_file(path)


def test_text_files(tmp_path, capsys):
    pages = {
        "a.txt": "one\n\ntwo\f three\n",
        "b.html": "<html><style>p {}</style><body>A &amp; <b>B</b><script>x()</script></body>",
        "c.txt": " one two three",
        "d.txt": "\n",
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    paths = [tmp_path / name for name in pages]
    assert documents.of_text_files(paths) == "one\n\ntwo\n three\fA & B"
    err = capsys.readouterr().err
    assert "c.txt is the same" in err and "d.txt is empty" in err
    with pytest.raises(DataError, match="no document has any text"):
        documents.of_text_files(paths[3:])
    page = """<?xml version="1.0"?><!-- a page --> <!DOCTYPE html><html><head><title>T</title>
        <body><p>H<sub>2</sub>O is <b>un</b>believable<p>Two<br>three"""  # tags may be unclosed
    (tmp_path / "e.html").write_text(page)
    assert documents.of_text_files([tmp_path / "e.html"]) == "H2O is unbelievable Two three"
    with pytest.raises(DataError, match="no file"):
        documents.of_text_files([tmp_path / "none"])
