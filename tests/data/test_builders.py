"""The builders on tiny raw files, the command line, and errors for unknown names."""

import gzip
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

import data
from data import DataError

ROOT = pathlib.Path(data.__file__).parents[1]


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """A RAW_DATA folder with three sentences per split of multi30k and a small tatoeba."""
    folder = tmp_path / "raw"
    raw30k = folder / "multi30k" / "task1" / "raw"
    raw30k.mkdir(parents=True)
    for stem in ("train", "val", "test_2016_flickr"):
        for language in ("en", "de", "fr"):
            text = "".join(f"{stem} {language}  {n}\u2028.\n" for n in range(3))
            (raw30k / f"{stem}.{language}.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "tatoeba").mkdir()
    lines = [f"Line {n}{end}\tLigne {n}\u202f{end}" for n in range(300) for end in ".!"]
    lines += ["Line 1.\tLigne 1 .", "no tab", ""]
    with zipfile.ZipFile(folder / "tatoeba" / "fra-eng.zip", "w") as archive:
        archive.writestr("fra.txt", "\n".join(lines))
    monkeypatch.setenv("RAW_DATA", str(folder))
    return folder


def test_multi30k(raw, tmp_path):
    assert data.pairs("multi30k", "de", "en", "test", tmp_path) == [
        (f"test_2016_flickr de {n} .", f"test_2016_flickr en {n} .") for n in range(3)
    ]
    assert data.pairs("multi30k", "fr", "de", "validation", tmp_path)[0] == (
        "val fr 0 .",
        "val de 0 .",
    )


def test_multi30k_of_unequal_length(raw, tmp_path):
    (raw / "multi30k/task1/raw/val.de.gz").write_bytes(gzip.compress(b"one\n"))
    with pytest.raises(DataError, match="multi30k val.*'en': 3, 'de': 1"):
        data.builder("multi30k", data_dir=tmp_path)


def test_damaged_raw_files_leave_nothing_prepared(raw, tmp_path):
    file = raw / "multi30k/task1/raw/train.en.gz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    with pytest.raises(DataError, match="train.en.gz"):
        data.builder("multi30k", data_dir=tmp_path)
    file.write_bytes(whole)
    assert len(data.pairs("multi30k", "en", "de", "train", tmp_path)) == 3


def test_tatoeba_keeps_an_english_sentence_in_one_split(raw, tmp_path):
    splits = [data.pairs("tatoeba", "fra", "eng", split, tmp_path) for split in data.SPLITS]
    assert sum(map(len, splits)) == 600
    english = [{e.rstrip(".!") for _, e in found} for found in splits]
    assert sum(map(len, english)) == len(set().union(*english)) == 300
    assert all(splits)
    assert splits[0][0] == ("Ligne 0 .", "Line 0.")
    left_out = data.builder("tatoeba", "eng-fra", tmp_path).info.metadata["left out"]
    assert left_out == {"repeated pair": 1, "not two columns": 1}


def test_hsk(tmp_path):
    counts = [len(data.pairs("hsk", "zh", "en", split, tmp_path)) for split in data.SPLITS]
    assert counts == [3836, 211, 220]
    first = data.pairs("hsk", "en", "zh", "train", tmp_path)[0]
    assert first == ("Hello, teacher!", "老师，您好！")


def test_unknown_names_name_the_known_ones(tmp_path):
    for call, known in [
        (lambda: data.builder("nothing"), ", ".join(data.names())),
        (lambda: data.builder("tatoeba", "eng-xyz"), "eng-fra, eng-deu, eng-cmn"),
        (lambda: data.builder("hsk", "small"), "none to choose"),
        (lambda: data.pairs("multi30k", "en", "zh", "train"), "en, de, fr"),
        (lambda: data.pairs("multi30k", "en", "de", "dev"), "train, validation, test"),
        (lambda: data.pairs("multi30k", "en", "en", "test"), "take two of en, de, fr"),
        (lambda: data.pairs("tatoeba", "fra", "deu", "test"), "must be eng"),
    ]:
        with pytest.raises(DataError, match=known):
            call()


def test_import_is_light():
    code = "import sys, data; sys.exit('tensorflow' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def run(*args, **env):
    command = [sys.executable, "-m", "data", *args]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True
    )


def test_command_prints_counts_and_nothing_else(raw, tmp_path):
    done = run("tatoeba", "--data-dir", str(tmp_path), RAW_DATA=str(raw))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == [
        "train             582",
        "validation          8",
        "test               10",
        "left out            1  repeated pair",
        "left out            1  not two columns",
    ]


def test_command_errors_are_one_line():
    done = run("nothing")
    assert done.returncode == 2
    known = ", ".join(data.names())
    assert done.stderr == f"error: no data set 'nothing': there are {known}\n"
    assert run().stdout.split()[0] == data.names()[0]
