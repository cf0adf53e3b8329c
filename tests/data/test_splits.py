"""The examples of a split: from the set, from your own files, or held out."""

from types import SimpleNamespace

import pytest

from data import DataError
from data.readers.lines import Report
from data.splits import last_part, one_in, print_left_out, read_split
from data.store import Store

FILES = {"a": [f"a{n}" for n in range(12)], "b": ["b"], "c": ["c"]}
HOLD_OUT = one_in(4, "line", str)


def read(split, **files):
    config = SimpleNamespace(**{"train": "", "validation": "", "test": "", "limit": 0} | files)
    asked = []

    def of_files(path, given):
        asked.append((path, given))
        return FILES[path]

    found = read_split(config, split, lambda s: [f"set {s}"], of_files, HOLD_OUT, "--x")
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


@pytest.mark.parametrize("split", ["dev2", "limit", "train_on"])
def test_own_files_have_the_usual_splits_only(split):
    with pytest.raises(DataError, match=f"no split '{split}': .* train, validation, test"):
        read(split, train="a", limit=2)


def test_own_files_get_a_note_about_limits(capsys):
    read("train", limit=2)
    read("train", train="a", limit=1000)
    read("validation", train="a", limit=2)
    assert capsys.readouterr().err == ""
    read("train", train="a", limit=2)
    assert "data.limit is 2: of 9 training examples 2 are used" in capsys.readouterr().err


def test_only_learned_examples_are_limited():
    learned, asked = read("train", train="a")
    held, _ = read("validation", train="a")
    assert asked == [("a", "train")] and sorted(learned + held) == sorted(FILES["a"])
    assert len(held) == 3
    assert read("train", train="a", limit=2)[0] == learned[:2]
    assert read("validation", train="a", limit=2)[0] == held
    with pytest.raises(DataError, match="one usable line"):
        read("train", train="b")


def test_repetitions_are_not_parted():
    texts = [f"{x} {n}" for x in "xX" for n in range(40)] + ["X  6!"] * 20
    pairs = [(text, place) for place, text in enumerate(texts)]
    learned, held = one_in(20, "pair", lambda pair: pair[0])(pairs)
    keys = [{text.strip("xX !") for text, _ in part} for part in (learned, held)]
    assert not keys[0] & keys[1] and len(keys[1]) == 2
    assert sorted(learned + held, key=lambda pair: pair[1]) == pairs
    # The choice does not depend on their order, and hardly on the other examples.
    again = one_in(20, "pair", lambda pair: pair[0])(pairs[::-1] + [("another", 0)])[1]
    assert {text for text, _ in again} == {text for text, _ in held}


def test_few_examples_give_one_to_validate():
    for count in (2, 3, 5):
        learned, held = one_in(50, "line", str)([f"{n}" for n in range(count)] * 2)
        assert len(learned) == 2 * (count - 1) and len(held) == 2
    with pytest.raises(DataError, match="one usable line, not counting repetitions"):
        one_in(50, "line", str)(["a", "A.", " a"])


def test_left_out_lines_are_reported_once(capsys):
    report = Report(total=3, kept=2, dropped={"empty": [2]})
    assert print_left_out("x.txt", (["a", "b"], report)) == ["a", "b"]
    assert capsys.readouterr().err == "x.txt: 1 of 3 lines left out: 1 empty (line 2)\n"
    print_left_out(("x", "y"), ([], report), tell=False)
    print_left_out(("x", "y"), (["a"], Report(total=1, kept=1)))
    assert capsys.readouterr().err == ""


def test_the_last_part_of_a_text_has_text():
    text = [f"line {n}" if n % 3 else "" for n in range(1, 101)]
    blank = ["", "  ", "\t"] * 50
    train, held = last_part(20)(text + blank)
    assert train == text[:95] and held == text[95:]
    assert last_part(20)(Store(text + blank))[1] == held
    assert last_part(20)(["a", "b"]) == (["a"], ["b"])
    for lines in (["a"], ["a", ""], ["", "", "a", ""]):
        with pytest.raises(DataError, match="single line"):
            last_part(20)(lines)


def test_notes_and_names_of_others_are_printable(capsys):
    report = Report(2, 1, {"empty": [2]}, notes=["a\x1b[31m is quoted"])
    assert print_left_out("b\x07.tsv", (["x"], report)) == ["x"]
    assert capsys.readouterr().err == (
        "note: a\\x1b[31m is quoted\nb\\x07.tsv: 1 of 2 lines left out: 1 empty (line 2)\n"
    )
    print_left_out("b", ([], report), tell=False)
    assert capsys.readouterr().err == ""
