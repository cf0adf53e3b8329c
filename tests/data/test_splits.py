"""Whose examples a split has: the set's, those of people's own files, or some held out."""

from types import SimpleNamespace

import pytest

from data import DataError
from data.splits import one_in, read_split, told
from data.text_files import Report

FILES = {"a": list(range(10)), "b": ["b"], "c": ["c"]}


def read(split, **files):
    config = SimpleNamespace(**{"train": "", "validation": "", "test": "", "limit": 0} | files)
    asked = []

    def of_files(path, given):
        asked.append((path, given))
        return FILES[path]

    found = read_split(config, split, lambda s: [f"set {s}"], of_files, one_in(4, "line"), "--x")
    return found, asked


def test_a_set_has_splits_of_its_own():
    assert read("train")[0] == ["set train"] and read("dev2", test="c")[0] == ["set dev2"]


def test_own_files():
    files = {"train": "a", "validation": "b", "test": "c"}
    assert read("train", **files) == (FILES["a"], [("a", "train")])
    assert read("validation", **files) == (["b"], [("b", "validation")])
    assert read("test", **files) == (["c"], [("c", "test")])
    with pytest.raises(DataError, match="no test files: give --data.test .* evaluate --x"):
        read("test", train="a")


def test_some_are_held_out_and_only_learned_ones_are_limited():
    assert read("train", train="a") == ([1, 2, 3, 5, 6, 7, 9], [("a", "train")])
    assert read("validation", train="a") == ([0, 4, 8], [("a", "train")])
    assert read("train", train="a", limit=2)[0] == [1, 2]
    assert read("validation", train="a", limit=2)[0] == [0, 4, 8]
    with pytest.raises(DataError, match="one usable line"):
        read("train", train="b")


def test_what_is_left_out_is_told_once(capsys):
    report = Report(total=3, kept=2, dropped={"empty": [2]})
    assert told("x.txt", (["a", "b"], report)) == ["a", "b"]
    assert capsys.readouterr().err == "x.txt: 1 of 3 lines left out: 1 empty (line 2)\n"
    told(("x", "y"), ([], report), tell=False)
    told(("x", "y"), (["a"], Report(total=1, kept=1)))
    assert capsys.readouterr().err == ""
