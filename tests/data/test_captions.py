"""The emoji set, Flickr8k from tiny raw files, your own captions files."""

import gzip
import io
import json
import zipfile

import pytest
from PIL import Image

import data
from data import DataError
from data.emoji.emoji_dataset_builder import emoji_names, split_pictures
from data.emoji.variants import base, is_flag
from data.readers.caption_files import read_captions

COOK, WOMAN_COOK, DARK = "\U0001f9d1\u200d\U0001f373", "\U0001f469\u200d\U0001f373", "\U0001f3ff"


# Emoji -------------------------------------------------------------------------------------------


def test_variants_have_one_base():
    dark_cook = "\U0001f469" + DARK + "\u200d\U0001f373"
    assert base(COOK) == base(WOMAN_COOK) == base(dark_cook)
    red_hair, runner = "\U0001f468\u200d\U0001f9b0", "\U0001f3c3"
    assert base(red_hair) == base("\U0001f9d1") and base(runner) == base(
        runner + DARK + "\u200d\u2642\ufe0f"
    )
    assert base("\U0001f48f") == base(
        "\U0001f468\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468"
    )
    assert len({base(c) for c in "\u2640\u2642\u27a1\U0001f34e"}) == 4
    assert is_flag("\U0001f1eb\U0001f1f7") and is_flag("\U0001f3f4\u200d\u2620\ufe0f")
    assert not is_flag(COOK)


def test_names():
    names = emoji_names("en")
    assert names["\U0001f469" + DARK + "\u200d\U0001f373"] == "woman cook dark skin tone"
    assert emoji_names("de")["\U0001f34e"] == "roter apfel"
    assert " " not in emoji_names("zh")["\U0001f469" + DARK + "\u200d\U0001f373"]


def test_bases_of_test_unseen_are_not_learned():
    pictures = [[emoji] for emoji in emoji_names("en")]
    splits = split_pictures(pictures)
    bases = {}
    for (emoji,), split in zip(pictures, splits, strict=True):
        bases.setdefault(split, set()).add(base(emoji))
    assert set(bases) == {"train", "validation", "test", "test_unseen", "flags"}
    assert bases["validation"] | bases["test"] <= bases["train"]
    others = set().union(*(found for split, found in bases.items() if split != "test_unseen"))
    assert len(bases["test_unseen"]) > 10 and not bases["test_unseen"] & others
    assert splits == split_pictures(pictures)


def test_emoji(tfds_folder):
    found = {split: list(data.pictures("emoji", "en", split)) for split in ("test", "flags")}
    assert len(found["flags"]) == 263 and len(found["test"]) > 250
    name, png, captions = found["test"][0]
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.size == (144, 144) and len(picture.getcolors(20000)) > 3
    assert captions and name.startswith("1F")
    left_out = data.builder("emoji", "en").info.metadata["left out"]
    assert 0 < left_out["not in the font"] < 100


# Flickr8k ----------------------------------------------------------------------------------------


def jpeg(color):
    file = io.BytesIO()
    Image.new("RGB", (12, 10), color).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def raw(tmp_path, monkeypatch):
    folder = tmp_path / "raw" / "flickr8k"
    (folder / "flickr8kcn").mkdir(parents=True)
    names = [f"{n}_x.jpg" for n in range(4)]
    with zipfile.ZipFile(folder / "flickr8k_images_224.zip", "w") as archive:
        for name in names:
            archive.writestr(f"images/{name}", jpeg("red"))
            archive.writestr(f"__MACOSX/images/._{name}", b"no picture")
    lines = [f"{name}#{k}\tCaption {k} of  {name} .\n" for name in names for k in range(2)]
    with zipfile.ZipFile(folder / "Flickr8k_text.zip", "w") as archive:
        archive.writestr("Flickr8k.token.txt", "".join(lines) + "gone.jpg.1#0\tNo picture .\n")
        for part, these in {"train": names[:2], "dev": names[2:3], "test": names[3:]}.items():
            archive.writestr(f"Flickr_8k.{part}Images.txt", "\n".join(these) + "\n")
    chinese = "".join(f"{name}#zhc#0 一只狗在跑。\n" for name in names).encode()
    (folder / "flickr8kcn" / "flickr8kzhc.caption.txt.gz").write_bytes(gzip.compress(chinese))
    monkeypatch.setenv("RAW_DATA", str(tmp_path / "raw"))
    return folder


def test_flickr8k(raw, tmp_path):
    found = {s: list(data.pictures("flickr8k", "en", s, tmp_path)) for s in data.SPLITS}
    assert [len(rows) for rows in found.values()] == [2, 1, 1]
    expected = ["Caption 0 of 3_x.jpg .", "Caption 1 of 3_x.jpg ."]
    assert found["test"] == [("3_x.jpg", jpeg("red"), expected)]  # the bytes of the file
    assert list(data.pictures("flickr8k", "zh", "test", tmp_path))[0][2] == ["一只狗在跑。"]


def test_flickr8k_with_a_picture_missing(raw, tmp_path):
    with zipfile.ZipFile(raw / "flickr8k_images_224.zip", "w") as archive:
        archive.writestr("images/0_x.jpg", jpeg("red"))
    with pytest.raises(DataError, match="3 names, as 1_x.jpg"):
        data.builder("flickr8k", "en", tmp_path)


def test_sets_without_pictures_say_so():
    with pytest.raises(DataError, match="no pictures"):
        list(data.pictures("hsk", None, "test"))


# Your own ------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("a.jpg", "b.png", "deep/c.jpg"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_tsv(folder):
    rows = ["a.jpg\tOne.", "b.png\tTwo  words.", "a.jpg\tThree.", "gone.jpg\tx", "no tab",
            "b.png\t ", "c.jpg\tIn a subfolder."]  # fmt: skip
    (folder / "captions.tsv").write_bytes("\n".join(rows).encode() + b"\na.jpg\t\xff\n")
    found, report = read_captions(folder / "captions.tsv")
    assert found == [
        (folder / "a.jpg", ["One.", "Three."]),
        (folder / "b.png", ["Two words."]),
        (folder / "deep/c.jpg", ["In a subfolder."]),
    ]
    assert (report.total, report.kept) == (8, 4)
    assert report.dropped == {
        "without its picture": [4],
        "not a UTF-8 picture name, a tab and a caption": [5, 8],
        "empty": [6],
    }


def test_csv_and_flickr_s_own(folder):
    path = folder / "captions.txt"  # as in Kaggle's Flickr8k
    path.write_text('image,caption\na.jpg,One .\nb.png,"Two, ""x"" ."\na.jpg,"Four\nlines"\n')
    expected = [
        (folder / "a.jpg", ["One .", "Four lines"]),
        (folder / "b.png", ['Two, "x" .']),
    ]
    found, report = read_captions(path)
    assert found == expected and report.kept == report.total == 3
    assert report.notes == [
        f"{path}: line 1 is a header: pictures and captions are 'image' (column 1) and 'caption' "
        "(column 2)"
    ]
    path.write_text("image_name| comment_number| comment\na.jpg| 0| One .\na.jpg| 4  no bar\n")
    found, report = read_captions(path)
    assert found == [(folder / "a.jpg", ["One ."])]
    assert report.dropped == {"wrong number of columns": [3]}
    path = folder / "b.csv"
    path.write_text("a.jpg,One, two\nb.png,Three\n")
    assert read_captions(path)[0] == [
        (folder / "a.jpg", ["One, two"]), (folder / "b.png", ["Three"])]  # fmt: skip
    path = folder / "Flickr8k.token.txt"
    path.write_text("a.jpg#0\tOne .\na.jpg#1\tTwo .\nc.jpg#0\tThree .\ngone.jpg#0\tNo .\n")
    found, report = read_captions(path)
    assert found == [(folder / "a.jpg", ["One .", "Two ."]), (folder / "deep/c.jpg", ["Three ."])]
    assert report.dropped == {"without its picture": [4]}


def test_names_that_no_file_can_have(folder):
    names = ["a.jpg", "x" * 300 + ".jpg", "nul\0.jpg", "\ud800.jpg", "b.png"]
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    annotations = [{"image_id": n, "caption": "x"} for n in range(len(names))]
    (folder / "coco.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    found, report = read_captions(folder / "coco.json")
    assert [path.name for path, _ in found] == ["a.jpg", "b.png"]
    assert report.dropped == {"without its picture": [2, 3, 4]}


def test_hidden_folders_hold_no_pictures(folder):
    for name in ("__MACOSX", ".cache"):
        (folder / name).mkdir()
        (folder / name / "d.jpg").write_bytes(b"x")
    (folder / "x.tsv").write_text("a.jpg\tOne\nd.jpg\tTwo\n")
    assert read_captions(folder / "x.tsv")[1].dropped == {"without its picture": [2]}


def test_json_of_coco_and_karpathy(folder):
    coco = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "c.jpg"}],
        "annotations": [
            {"image_id": 7, "caption": "One."},
            {"image_id": 8, "caption": "Two."},
            {"image_id": 7, "caption": "Three."},
            {"image_id": 9, "caption": "Of no picture."},
            {"image_id": 7, "caption": None},
            {"image_id": 7},
            "no object",
        ],
    }
    (folder / "coco.json").write_text(json.dumps(coco))
    found, report = read_captions(folder / "coco.json", folder)
    assert found == [(folder / "a.jpg", ["One.", "Three."]), (folder / "deep/c.jpg", ["Two."])]
    assert report.dropped == {
        "of an unknown picture": [4],
        "without a caption": [5, 6],
        "not a JSON object": [7],
    }
    assert str(report).startswith("4 of 7 entries left out")
    images = [
        {"filename": "a.jpg", "split": "restval", "sentences": [{"raw": "One."}]},
        {"filename": "b.png", "split": "test", "sentences": [{"raw": "Two."}, {"raw": "Three."}]},
        {"filename": "c.jpg", "split": "test", "sentences": []},
        {"split": "test", "sentences": [{"raw": "Four."}]},
    ]
    (folder / "karpathy.json").write_text(json.dumps({"images": images}))
    found, report = read_captions(folder / "karpathy.json", "", "test")
    assert found == [(folder / "b.png", ["Two.", "Three."])]
    assert report.dropped == {
        "without a caption": [3],
        "without the name of a picture": [4],
    }
    assert len(read_captions(folder / "karpathy.json", "", "train")[0]) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.json", "{", "not a captions file"),
        ("x.json", '{"images": [{}]}', "nothing usable"),
        ("x.json", '{"images": 5}', "not a captions file"),
        ("x.json", "[" * 100_000, "not a captions file"),
        ("x.json", '{"annotations": [' + "[" * 600 + "]" * 600 + '], "images": []}', "nothing"),
        ("x.json", "[]", "not a captions file"),
        ("x.tsv", "nothing.jpg\tx\n", "nothing usable.*1 without its picture"),
        ("x.tsv", "", "nothing usable"),
    ],
)
def test_unusable_files(folder, name, content, said):
    (folder / name).write_text(content)
    with pytest.raises(DataError, match=said):
        read_captions(folder / name)


def test_missing_files(folder):
    with pytest.raises(DataError, match="no file"):
        read_captions(folder / "gone.tsv")
    (folder / "x.tsv").write_text("a.jpg\tx")
    with pytest.raises(DataError, match="no folder"):
        read_captions(folder / "x.tsv", folder / "gone")
