"""The sets of running text on tiny raw files, and your own text."""

import gzip
import json
import zipfile

import pytest

import data
from data import DataError
from data.readers import plain_text


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """An empty RAW_DATA folder."""
    folder = tmp_path / "raw"
    folder.mkdir()
    monkeypatch.setenv("RAW_DATA", str(folder))
    return folder


def texts(name, split, folder):
    return [row["text"].decode() for row in data.rows(name, None, split, folder / "tfds")]


def test_penn_treebank(raw, tmp_path):
    (raw / "penn_treebank").mkdir()
    with zipfile.ZipFile(raw / "penn_treebank" / "ptb.zip", "w") as archive:
        archive.writestr("__MACOSX/._ptb.train.txt", "rubbish")
        for name in ("train", "valid", "test"):
            archive.writestr(f"ptb.{name}.txt", f" mr. <unk> is {name} \n no it was n't \n")
    assert texts("penn_treebank", "train", tmp_path) == ["mr. <unk> is train", "no it was n't"]
    assert texts("penn_treebank", "validation", tmp_path)[0] == "mr. <unk> is valid"


def test_wikitext2_keeps_empty_lines_from_either_source(raw, tmp_path):
    (raw / "wikitext2").mkdir()
    content = " \n = Title = \n \n A <unk> , B . \n"
    with zipfile.ZipFile(raw / "wikitext2" / "wikitext-2-v1.zip", "w") as archive:
        for name in ("train", "valid", "test"):
            archive.writestr(f"wikitext-2/wiki.{name}.tokens", content)
    wanted = ["", "= Title =", "", "A <unk> , B ."]
    assert texts("wikitext2", "test", tmp_path) == wanted
    for name in ("train", "valid", "test"):
        path = raw / "wikitext2" / f"wiki.{name}.tokens.gz"
        path.write_bytes(gzip.compress(content.replace("A", name).encode()))
    assert texts("wikitext2", "validation", tmp_path / "other")[3] == "valid <unk> , B ."


def test_tiny_shakespeare_is_cut_in_order(raw, tmp_path):
    (raw / "tiny_shakespeare").mkdir()
    lines = [f"Line {n}:" if n % 3 else "" for n in range(100)]
    path = raw / "tiny_shakespeare" / "input.txt.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    parts = [texts("tiny_shakespeare", s, tmp_path) for s in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [90, 5, 5] and sum(parts, []) == lines


def poems(path, *contents, **more):
    path.parent.mkdir(exist_ok=True)
    lines = [json.dumps({"content": c, "title": "t", "author": "a", **more}) for c in contents]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def test_quatrains_of_the_test_are_never_in_training(raw, tmp_path):
    ccpc, ours = raw / "ccpc", raw / "chinese_quatrains"
    poems(ccpc / "ccpc_valid_v1.0.json.gz", "甲甲|乙乙|丙丙|丁丁", keywords="x")
    poems(ccpc / "ccpc_test_v1.0.json.gz", "一|二|三|四")
    poems(ours / "quatrains_tang.jsonl.gz", "春|夏|秋|冬", "一|二|三|四", in_ccpc_eval=False)
    poems(ours / "quatrains_song.jsonl.gz", "甲甲|乙乙|丙丙|丁丁", "东|南|西|北")
    assert texts("quatrains", "train", tmp_path) == ["春，夏。秋，冬。", "东，南。西，北。"]
    assert texts("quatrains", "test", tmp_path) == ["一，二。三，四。"]
    (ours / "quatrains_song.jsonl.gz").unlink()
    with pytest.raises(DataError, match="quatrains_song.jsonl.gz.*RAW_DATA"):
        texts("quatrains", "test", tmp_path / "other")


def test_a_poem_of_three_lines_is_named(raw, tmp_path):
    poems(raw / "ccpc" / "ccpc_valid_v1.0.json.gz", "一|二|三|四", "一|二|三")
    with pytest.raises(DataError, match="valid.*line 2"):
        texts("quatrains", "test", tmp_path)


def test_kjv_is_split_by_chapters(monkeypatch, tmp_path):
    from data.bible import verses

    bible = {1_001_000 + n: f"Verse {n}." for n in range(1, 4)}
    bible |= {b * 1_000_000 + c * 1000 + 1: f"{b} {c}" for b in (2, 3, 4) for c in range(1, 60)}
    monkeypatch.setattr(verses, "version", lambda code: bible)
    monkeypatch.setattr(verses, "reference", lambda n: f"{n // 1_000_000} {n // 1000 % 1000}:{n}")
    rows = {s: list(data.rows("kjv", None, s, tmp_path)) for s in ("train", "validation", "test")}
    found = [row["text"].decode() for part in rows.values() for row in part]
    assert sorted(found) == sorted(bible.values()) and all(rows.values())
    chapters = [{row["id"].decode().split(":")[0] for row in part} for part in rows.values()]
    assert sum(map(len, chapters)) == len(set.union(*chapters))


def test_own_text_of_files_and_folders(tmp_path):
    folder = tmp_path / "texts"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "two.txt.gz").write_bytes(gzip.compress(b"three\r\n"))
    (folder / "a.txt").write_bytes("\ufeffone\n\ntwo\u2028half\n".encode())
    (folder / "notes.md").write_text("not text")
    (tmp_path / "last.log").write_bytes(b"four\n\xff\xfe bad\nfive")
    lines, report = plain_text.read([folder, tmp_path / "last.log"])
    assert lines == ["one", "", "two\u2028half", "three", "four", "five"]
    assert report.dropped == {"not UTF-8": [6]} and report.kept == 6


def test_own_text_that_cannot_be_used(tmp_path):
    (tmp_path / "empty.txt").write_text(" \n\n")
    (tmp_path / "void").mkdir()
    for path, told in (("empty.txt", "no text"), ("void", "no .txt"), ("none.txt", "no file")):
        with pytest.raises(DataError, match=told):
            plain_text.read([tmp_path / path])
