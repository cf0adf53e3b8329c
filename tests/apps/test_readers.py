"""Every file of your own is read, or refused with an error that names the cause."""

import importlib
import json
from dataclasses import fields, replace

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import UserError
from data import DataError

LINES = [f"The {word} is number {n} of the list ." for n, word in enumerate("abcdefghijklmnop")]


def story(n):
    return f"1 Mary went to room {n}.\n2 John took it.\n3 Where is Mary?\troom\t1\n"


def tune():
    file = mido.MidiFile()
    for note in (72, 64, 57, 48):
        tone = ("note_on", 0), ("note_off", 960)
        track = [mido.Message(kind, note=note, velocity=64, time=time) for kind, time in tone * 4]
        file.tracks.append(mido.MidiTrack(track))
    return file


CONLLU = "".join(f"1\tdog{n}\t_\tNOUN\t_\t_\t0\t_\t_\t_\n2\tran\t_\tVERB\t_\t_\t0\t_\t_\t_\n\n"
                 for n in range(8))  # fmt: skip
LABELLED = "text\tlabel\n" + "".join(f"{line}\t{len(line) % 2}\n" for line in LINES)
OBJECTS = "".join(json.dumps({"document": a, "summary": "number"}) + "\n" for a in LINES)
COCO = {
    "images": [{"id": n, "file_name": f"{n}.png"} for n in range(3)],
    "annotations": [{"image_id": n, "caption": line} for n, line in enumerate(LINES[:3])],
}

# (app, name of the file, its content): every format that the apps read.
FILES = [
    ("lm", "own.txt", "\n".join(LINES)),
    ("translate", "own.tsv", "".join(f"{line}\t{line[::-1]}\n" for line in LINES)),
    ("summarize", "own.jsonl", OBJECTS),
    ("summarize", "own.tsv", "document\tsummary\n" + "".join(f"{a}\tnumber\n" for a in LINES)),
    ("classify", "own.tsv", LABELLED),
    ("classify", "own.jsonl", OBJECTS.replace("document", "text").replace("summary", "label")),
    ("tag", "own.conllu", CONLLU),
    ("tag", "own.txt", "".join(f"dog{n}/n ran/v\n" for n in range(8))),
    ("answer", "own.txt", "".join(map(story, range(8)))),
    ("pinyin", "own.txt", "我爱购物。\n他在家。\n我们去看书。\n你好吗？\n"),
    ("caption", "own.tsv", "".join(f"{n}.png\t{line}\n" for n, line in enumerate(LINES))),
    ("translate", "own.csv", "en,de\n" + "".join(f'"{a}, ""x""",y {a}\n' for a in LINES)),
    ("translate", "own.tsv", "".join(f'"""{a}"""\ty\n' for a in LINES)),
    ("caption", "own.json", json.dumps(COCO)),
    ("caption", "own.csv", "image,caption\n" + "".join(f'{n}.png,"a ""{n}"""\n' for n in range(9))),
    ("music", "own.mid", tune()),
]


def read(app, path):
    """Output of the app's own reader for a file, called as in training."""
    config = importlib.import_module(f"apps.{app}.config").PRESETS["tiny"]
    module = importlib.import_module(f"apps.{app}.dataset")
    if app == "music":
        config = replace(config, data=replace(config.data, folder=str(path.parent)))
        return module.read_pieces(config, "train")
    kind = {f.name: f.type for f in fields(config.data)}["train"]
    given = str(path) if kind in (str, "str") else (str(path),)
    (reader,) = (
        getattr(module, name)
        for name in ("read_lines", "read_pairs", "read_examples", "read_sentences", "read_pictures")
        if hasattr(module, name)
    )
    return reader(replace(config.data, train=given), "train")


def content(thing, folder):
    if isinstance(thing, str):
        return thing.encode()
    thing.save(folder / "whole.mid")
    return (folder / "whole.mid").read_bytes()


@pytest.mark.parametrize(("app", "name", "thing"), FILES, ids=[f"{a} {n}" for a, n, _ in FILES])
def test_any_damage_is_read_or_refused(app, name, thing, tmp_path, capsys):
    whole = content(thing, tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / name
    if app == "caption":
        for n in range(len(LINES)):
            (folder / f"{n}.png").write_bytes(b"")  # pictures are opened later than captions
    path.write_bytes(whole)
    if app == "music":
        for n in range(11):
            for message in thing.tracks[-1]:  # duplicates would be left out
                if message.type.startswith("note"):
                    message.note = 60 + n
            thing.save(folder / f"whole{n}.mid")
    assert len(read(app, path)) > 0

    places = st.integers(0, len(whole))
    pieces = st.sampled_from([b"", b"\n", b"\t", b"\0", b"\xff\xfe", b"\r", b'"', b"{}", b"1e999"])
    edit = st.tuples(places, places, pieces | st.binary(max_size=9))

    @settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(edit, min_size=1, max_size=4))
    def damaged(edits):
        data = whole
        for start, length, new in edits:
            data = data[:start] + new + data[start + length % 40 :]
        path.write_bytes(data)
        try:
            assert len(read(app, path)) > 0
        except (UserError, DataError) as error:
            assert str(error) and "\n" not in str(error)

    damaged()


def test_an_unknown_label_of_the_test_file_stops_the_training(tmp_path):
    from apps.classify import dataset

    data = importlib.import_module("apps.classify.config").PRESETS["tiny"].data
    for name, label in ("train", "a"), ("test", "neither"):
        lines = [f"{line}\t{'b' if n % 2 else label}" for n, line in enumerate(LINES)]
        (tmp_path / f"{name}.tsv").write_text("text\tlabel\n" + "\n".join(lines))
    train, test = (str(tmp_path / f"{name}.tsv") for name in ("train", "test"))
    config = replace(data, train=train, test=test)
    examples = dataset.read_examples(config, "train")
    with pytest.raises(DataError, match=r"--data.test .*test.tsv: no training example .*'neither'"):
        dataset.make_labels(config, examples, tmp_path)
    assert not (tmp_path / "labels.json").exists()
    assert dataset.make_labels(replace(config, test=train), examples, tmp_path) == ["a", "b"]


def test_captions_of_pictures_left_out_are_not_in_the_vocabulary(tmp_path):
    from PIL import Image

    from apps.caption import dataset

    for name in ("a.png", "b.jpg", "c.jpg", "d.gif"):
        Image.new("RGB", (20, 20), "red").save(tmp_path / name)
    (tmp_path / "c.jpg").write_bytes((tmp_path / "c.jpg").read_bytes()[:-30])
    (tmp_path / "e.png").write_bytes(b"no picture")
    names = ("a.png", "b.jpg", "c.jpg", "d.gif", "e.png")
    (tmp_path / "own.tsv").write_text("".join(f"{name}\tword{name[0]}\n" for name in names))
    config = importlib.import_module("apps.caption.config").PRESETS["tiny"]
    config = replace(config, data=replace(config.data, train=str(tmp_path / "own.tsv")))
    pictures = dataset.own_pictures(config.data.train)
    dataset.make_tokenizer(config, pictures, tmp_path)
    assert (tmp_path / "captions.txt").read_text() == "worda\nwordb\nwordd\n"
