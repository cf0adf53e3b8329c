"""Names of others in messages: nothing a terminal obeys, nothing that is megabytes long."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from data import DataError
from data.messages import listed, printable, shown
from data.readers import labelled, midi_files, plain_text, tables
from data.readers.caption_files import read_captions

ROOT = Path(tables.__file__).parents[2]


def said(read, *arguments):
    with pytest.raises(DataError) as caught:
        read(*arguments)
    text = str(caught.value)
    assert text.isprintable() and len(text) < 5000
    return text


def test_words():
    assert printable("a é 春\x1b\n\ud800\u202e") == "a é 春\\x1b\\n\\ud800\\u202e"
    assert len(printable("x" * 10_000)) < 4100 and printable("y" * 5000).count(" ... ") == 1
    assert shown("a\x1b'") == '"a\\x1b\'"' and len(shown("x" * 1000)) < 90
    assert listed("abc") == "'a', 'b', 'c'" and listed(range(15)).endswith("'11' and 3 more")


def test_headers_and_fields(tmp_path):
    path = tmp_path / "a\x1b[31m.tsv"
    path.write_text("one\x1b]0;title\x07\ttwo\nx\ty\n")
    assert "a\\x1b[31m.tsv has no column 'text'" in said(labelled.of_file, path)
    assert "'one\\x1b]0;title\\x07'" in said(labelled.of_file, path)
    path.write_text(json.dumps({"na\x1bme": 1, "\ud800": 2}) + "\n")
    assert "its fields are 'na\\x1bme', '\\ud800'" in said(labelled.of_file, path)
    for sign in "\t,":
        path.write_text(sign.join(f"column {n}" for n in range(1_000_000)) + "\nx\n")
        assert "'column 11' and 999,988 more" in said(labelled.of_file, path)
    path.write_text("x" * 5_000_000 + "\ty\n")
    said(labelled.of_file, path)


def test_nested_json(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"text": "a", "label": "b"}, {"text": "c", "label": "d"}]
    deep = '{"text": "a", "label": ' + "[" * 600 + "]" * 600 + "}"
    object_ = '{"text": "a", "label": ' + '{"a":' * 600 + "1" + "}" * 601
    lines = [json.dumps(rows[0]), deep, "[" * 100_000, object_, json.dumps(rows[1])]
    path.write_text("\n".join(lines))
    found, report = labelled.of_file(path)
    assert found == [("a", "b"), ("c", "d")]
    assert report.dropped == {"nested too deeply": [2], "not JSON": [3], "not text": [4]}
    path.write_text("[" * 100_000)
    assert "is not one (nested too deeply)" in said(labelled.of_file, path)
    path.write_text(
        json.dumps([rows[0], {"text": json.loads("[" * 600 + "]" * 600), "label": "x"}])
    )
    assert labelled.of_file(path)[1].dropped == {"nested too deeply": [2]}


NAMED = [
    labelled.of_file,
    midi_files.folder,
    midi_files.read,
    read_captions,
    lambda path: plain_text.read([path]),
    lambda path: read_captions("x", path),
]


@pytest.mark.parametrize("name", ["a\0b.tsv", "\ud800.tsv", "x" * 300])
@pytest.mark.parametrize("read", NAMED)
def test_paths_that_no_file_can_have(name, read):
    said(read, name)


READS = [
    "plain_text.read([path])",
    "labelled.of_file(path)",
    "text_files.read_tsv(path)",
    "caption_files.read_captions(path)",
    "tagged_text.of_file(path)",
    "stories.of_file(path)",
]


def test_what_unpacks_to_much_stays_small(tmp_path):
    """300 MB of zeros out of 300 kB: every reader refuses them in a few times its bound."""
    import gzip

    for name in ("a.gz", "a.json.gz"):
        with gzip.open(tmp_path / name, "wb") as file:
            for _ in range(300):
                file.write(bytes(1_000_000))
    program = (
        "import sys; from data import DataError; from data.readers import *\n"
        f"for read, path in {[(r, n) for r in READS for n in ('a.gz', 'a.json.gz')]!r}:\n"
        "    try: eval(read)\n"
        "    except DataError as error: print(error)\n"
    )

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))

    done = subprocess.run(
        # Not ru_maxrss, which begins with the memory of the process that has forked.
        [sys.executable, "-c", program
         + "print(next(line.split()[1] for line in open('/proc/self/status') if 'HWM' in line))"],
        env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        cwd=tmp_path, capture_output=True, text=True, preexec_fn=limited,
    )  # fmt: skip
    *lines, kilobytes = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(lines) == 12 and int(kilobytes) < 1_000_000
    assert all("over" in line for line in lines)
