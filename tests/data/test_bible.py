"""The three Bibles: splitting at markers, cleaning of each version, the finished set."""

import pytest

import data
from data import DataError
from data.bible import verses
from data.bible.bible_dataset_builder import why_dropped

GENESIS = 1_000_000


def test_cut_at_markers_whatever_the_offsets_say():
    text = "1. In the first. 2. He had 12 sons 3. End.1. Next chapter. 2.Last"
    ids = [1001001, 1001002, 1001003, 1002001, 1002002]
    assert verses.split_by_markers(text, ids) == {
        1001001: "In the first.",
        1001002: "He had 12 sons",
        1001003: "End.",
        1002001: "Next chapter.",
        1002002: "Last",
    }


def test_a_marker_with_its_verse_beats_a_title():
    text = "1. A Psalm. Of David. 2.\\3:1\\Lord, how many! 3.\\3:2\\Many say.\\ 1. Next psalm."
    ids = [19003001, 19003002, 19003003, 19004001]
    assert verses.split_by_markers(text, ids) == {
        19003001: "Lord, how many!",
        19003002: "Many say.",
        19004001: "Next psalm.",
    }


def test_a_skipped_number_shifts_only_its_chapter():
    text = "1. One. 2.+ 3. Two. 4. Three. 1. Other."
    ids = [43001001, 43001002, 43001003, 43001004, 43002001]
    assert verses.split_by_markers(text, ids) == {
        43001001: "One.",
        43001002: "Two.",
        43001003: "Three.",
        43002001: "Other.",
    }


def test_markers_must_agree_with_the_index():
    with pytest.raises(DataError, match="marker 2 is 3, but the index says 1001002"):
        verses.split_by_markers("1. a 3. b", [1001001, 1001002])
    with pytest.raises(DataError, match="1 verse markers for 2 verses"):
        verses.split_by_markers("1. a", [1001001, 1001002])


@pytest.mark.parametrize(
    ("name", "raw", "clean"),
    [
        (19023001, "A Psalm. Of David. The Lord takes care.", "The Lord takes care."),
        (19109001, "To the chief music-maker. Of David. A Psalm. God,", "God,"),
        (19023002, "Of David. Not a title here.", "Of David. Not a title here."),
        (19119009, "BETH How may a young man", "How may a young man"),
        (40017021, "[]", "[]"),  # emptied by plain_signs
        (20021004, "A high look, *** of the man", ""),
        (18034031, "...", ""),
    ],
)
def test_basic_english_headings_and_gaps(name, raw, clean):
    assert verses.basic_english(name, raw) == clean


@pytest.mark.parametrize(
    ("name", "raw", "clean"),
    [
        (19002012, "Kiss him.    Blessed.      Psalm 3  A Psalm by David.", "Kiss him. Blessed."),
        (18042017, "Job died.                 BOOK I       Psalm 1", "Job died."),
        (19119160, "Your words endure.  SIN AND SHIN", "Your words endure."),
        (
            22001001,
            "The Song of songs, which is Solomon`s.  Beloved",
            "The Song of songs, which is Solomon's.",
        ),
        (22002001, "I am your Beloved", "I am your Beloved"),
        (44013033, "as it is written in the second psalm", "as it is written in the second psalm"),
        (44008037, "dummy verses inserted by amos", ""),
    ],
)
def test_world_english_leaks(name, raw, clean):
    assert verses.world_english(name, raw) == clean


def test_plain_signs():
    assert (
        verses.plain_signs("¶ many [are] they,  \u00a0the LORD’s “own” [ten ]: ( x )")
        == 'many are they, the LORD\'s "own" ten: (x)'
    )
    assert verses.plain_signs("[]") == ""


def test_why_dropped():
    assert verses.overlap("a b c d", "A, b!") == 1
    assert why_dropped("God made heaven", "God made the earth") is None
    assert why_dropped("Rejoice evermore", "Have joy at all times") == "word overlap under 0.2"
    assert why_dropped("a b c d e f g", "a b") == "length ratio over 3"
    assert why_dropped("a b c d", "a") is None


@pytest.fixture(scope="session")
def bible(tmp_path_factory):
    return data.builder("bible", "kjv-bbe", tmp_path_factory.mktemp("tfds"))


@pytest.fixture(scope="session")
def rows(bible):
    """{split: [(id, kjv, bbe)]} of the real set."""
    return {
        split: [
            (row["id"].decode(), row["kjv"].decode(), row["bbe"].decode())
            for row in bible.as_dataset(split=split).as_numpy_iterator()
        ]
        for split in data.SPLITS
    }


def test_counts_of_the_real_set(bible):
    counts = {split: info.num_examples for split, info in bible.info.splits.items()}
    assert counts == {"train": 29287, "validation": 745, "test": 833}


def test_no_chapter_is_in_two_splits(rows):
    chapters = [{name.rpartition(":")[0] for name, _, _ in found} for found in rows.values()]
    assert sum(map(len, chapters)) == len(set().union(*chapters)) == 1189


def test_known_verses_are_aligned_where_numbering_differs(rows):
    found = {name: (one, other) for split in rows.values() for name, one, other in split}
    assert found["Genesis 1:1"] == (
        "In the beginning God created the heaven and the earth.",
        "At the first God made the heaven and the earth.",
    )
    for name, word in [
        ("Psalms 3:1", "increased"),
        ("Joel 2:28", "spirit"),
        ("John 1:39", "Come"),
        ("Isaiah 66:24", "worm"),
        ("Revelation 22:21", "grace"),
    ]:
        assert all(word.lower() in text.lower() for text in found[name]), name


def test_no_marker_heading_or_odd_sign_is_left(rows):
    for found in rows.values():
        for name, *texts in found:
            for text in texts:
                assert text == " ".join(text.split()), name
                assert not set(text) & set("0123456789[]`’*\\+¶"), name


def test_pairs_keep_the_order_of_verses(bible, rows):
    data_dir = bible.data_dir_root
    got = data.pairs("bible", "kjv", "bbe", "test", data_dir)
    assert got == [(one, other) for _, one, other in rows["test"]]
    order = list(verses.version("kjv").values())
    places = [order.index(one) for one, _ in got[::100]]
    assert places == sorted(places)
