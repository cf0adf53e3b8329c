"""Stories with questions: the simulated world, bAbI's files, your own."""

import io
import re
import tarfile
from collections import Counter

import numpy as np
import pytest

import data
from data import DataError, sources
from data.babi.babi_dataset_builder import CHECKSUMS
from data.readers import stories
from data.readers.lines import decoded
from data.world.simulation import AGAIN, DROPPED, GAVE, KINDS, NUMBERS, TOOK, WENT, example

# The world ---------------------------------------------------------------------------------------


def happened(sentences):
    """The state of the world as the sentences alone describe it, derived in another way."""
    been, holder, place, gifts = {}, {}, {}, []
    for sentence in sentences:
        sentence = sentence.rstrip(".").removesuffix(" there")
        if found := re.fullmatch(r"The (\w+) is in the (\w+)", sentence):
            holder[found[1]], place[found[1]] = None, found[2]
            continue
        who, rest = sentence.split(" ", 1)
        went = (*WENT, AGAIN, "is in")
        act = next(act for act in (*went, *TOOK, *DROPPED, *GAVE) if rest.startswith(act + " the "))
        what, *other = rest.removeprefix(act + " the ").split(" to ")
        if act in went:
            been.setdefault(who, []).append(what)
        elif act in TOOK:
            holder[what] = who
        elif act in DROPPED:
            holder[what], place[what] = None, (been.get(who) or [None])[-1]
        else:
            holder[what] = other[0]
            gifts.append((who, what, other[0]))
        for thing, one in holder.items():
            if one:
                place[thing] = (been.get(one) or [None])[-1]
    return been, holder, place, gifts


def answer(question, sentences):
    been, holder, place, gifts = happened(sentences)
    words = question.rstrip("?").split()
    match question.split()[0], words[1]:
        case "Where", "is":
            return place[words[3]] if words[2] == "the" else been[words[2]][-1]
        case "Who", "has":
            return holder[words[3]] or "nobody"
        case "How", "many":
            return NUMBERS[list(holder.values()).count(words[4])]
        case "Is", who:
            return "yes" if been[who][-1] == words[4] else "no"
        case "Where", "was":
            return been[words[2]][been[words[2]].index(words[5]) - 1]
        case "Who", "gave":
            [giver] = {who for who, thing, other in gifts if [thing, other] == [words[3], words[5]]}
            return giver


def test_the_world_is_possible():
    """Nobody takes an object of another or from elsewhere, or gives to an absent person."""
    random = np.random.default_rng(8)
    for _ in range(100):
        story = example(random, "where person", longest=30).story
        for number, sentence in enumerate(story):
            been, holder, place, _ = happened(story[:number])
            here = {who: visits[-1] for who, visits in been.items()}
            who, *_, last = words = sentence.rstrip(".").removesuffix(" there").split()
            if any(f" {act} " in sentence for act in TOOK):
                assert not holder.get(last) and place.get(last, here[who]) == here[who]
            elif any(f" {act} " in sentence for act in DROPPED):
                assert holder[last] == who
            elif any(f" {act} " in sentence for act in GAVE):
                assert holder[words[3]] == who and here[who] == here[last]
            elif who == "The":
                assert words[1] not in holder
            else:
                assert here.get(who) != last and (AGAIN in sentence) <= (last in been.get(who, ()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_world_answers_what_its_sentences_say(kind):
    random = np.random.default_rng(7)
    seen = Counter()
    for _ in range(150):
        made = example(random, kind)
        assert 3 <= len(made.story) <= 14 and made.kind == kind
        assert answer(made.question, made.story) == made.answer, made
        # The supporting sentences alone give the same answer.
        support = [made.story[n - 1] for n in made.support]
        assert answer(made.question, support) == made.answer, made
        seen[made.answer] += 1
    assert len(seen) > 1 and max(seen.values()) < 100


def test_the_world_is_reproducible_and_its_splits_differ(tmp_path):
    splits = {s: stories.of_set("world", s, "small", tmp_path) for s in data.SPLITS}
    assert [len(rows) for rows in splits.values()] == [1000, 100, 100]
    random = np.random.default_rng([2015, 2])
    assert splits["test"][:2] == [example(random, kind) for kind in KINDS[:2]]
    texts = [{row.text for row in rows} for rows in splits.values()]
    assert not texts[0] & (texts[1] | texts[2]) and not texts[1] & texts[2]


# bAbI --------------------------------------------------------------------------------------------

STORY = """1 Mary moved to the bathroom.
2 John went to the hallway.
3 Where is Mary? \tbathroom\t1
4 Daniel went back to the hallway.
5 Where is Daniel? \thallway\t4
"""


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """RAW_DATA with task 7 only: 20 training stories, 3 test stories."""
    folder = tmp_path / "raw" / "babi"
    folder.mkdir(parents=True)
    with tarfile.open(folder / "babi_en_1k.tar.gz", "w:gz") as archive:
        for part, count in (("train", 20), ("test", 3)):
            content = (STORY * count).encode()
            info = tarfile.TarInfo(f"babi_data/en/qa7_counting_{part}.txt")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    monkeypatch.setenv("RAW_DATA", str(folder.parent))
    return tmp_path / "sets"


def test_babi(raw):
    found = {split: stories.of_set("babi", split, "7", raw) for split in data.SPLITS}
    assert [len(rows) for rows in found.values()] == [36, 4, 6]
    first, second = found["train"][:2]
    assert first.story == ("Mary moved to the bathroom.", "John went to the hallway.")
    assert (first.question, first.answer, first.kind) == (
        "Where is Mary?",
        "bathroom",
        "7 counting",
    )
    assert second.story[2] == "Daniel went back to the hallway."
    assert (first.support, second.support) == ((1,), (3,))  # numbers of sentences, not lines


def test_babi_names_what_is_missing(raw, tmp_path, monkeypatch):
    with pytest.raises(DataError, match="lacks .*qa10_"):
        data.builder("babi", "all", raw)
    assert len(CHECKSUMS.read_text().splitlines()) == 40
    monkeypatch.delenv("RAW_DATA")
    asked = []

    def download(url):
        asked.append(url)
        return STORY.encode()

    monkeypatch.setattr(sources, "_download", download)
    with pytest.raises(DataError, match="qa7_counting_test.txt.*sha256.*RAW_DATA"):
        data.builder("babi", "7", tmp_path / "other")
    assert re.fullmatch(r"https://raw\.github\S+/babi_data/en/qa7_counting_test\.txt", asked[0])


# Your own files -------------------------------------------------------------------------------


def test_bad_lines_are_counted_by_number():
    lines = [
        b"1 The cat sat",
        b"2 Where is the cat?\tmat",
        b"no number",
        b"",
        b"3 Who? \t\t1",
        b"4 Who?\tcat\tone",
        b"5 Who?\tcat\t9",
        b"6 \xff",
        b"1 Who?\tcat",
        b"2 The dog ran.",
        b"3 What did it do?\tran, fast\t2",
        b"1 New.",
        b"2 \tnew\t1",
        b"3 Old.",
        b"4 Which one?\tnew, old\t1\t3",
    ]
    found, report = stories.parse(map(decoded, lines))
    assert [[e.answer for e in story] for story in found] == [["mat"], ["ran, fast"], ["new, old"]]
    assert [story[0].kind for story in found] == ["where", "what", "which"]
    assert found[1][0].support == (1,) and found[2][0].support == (1, 2)
    assert report.dropped == {
        "without a number": [3],
        "empty": [4],
        "without a question or an answer": [5, 13],
        "support that is no list of numbers": [6],
        "support that is not above": [7],
        "not UTF-8": [8],
        "question without a story": [9],
    }
    assert report.total == 15 and report.kept == 7


def test_own_files(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text(STORY + "3 We sing.\n")
    [story], report = stories.of_file(path)
    assert len(story) == 2 and report.kept == report.total
    assert stories.sentences_of(path)[-2:] == ["Daniel went back to the hallway.", "We sing."]
    path.write_text("The cat sat\n\nIt slept!\n")
    assert stories.sentences_of(path) == ["The cat sat", "It slept!"]
    path.write_text("2 men left the bar.\nThe bar was empty.\n")
    assert stories.sentences_of(path)[0] == "2 men left the bar."
    path.write_text("The cat sat\n\nIt slept!\n")
    assert stories.in_one(stories.sentences_of(path), "Who?") == "The cat sat. It slept! Who?"
    with pytest.raises(DataError, match=r"no question.*without a number.*1 sentence"):
        stories.of_file(path)
    path.write_text("\n")
    with pytest.raises(DataError, match="no sentence"):
        stories.sentences_of(path)
    with pytest.raises(DataError, match="no file"):
        stories.of_file(tmp_path / "none.txt")
