"""Captioning: loss, network variants, your own pictures, damaged pictures, scores."""

import json
import runpy
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from apps.caption import dataset, features, pictures, scores
from apps.caption.config import PRESETS, Config, EncoderConfig, ModelConfig
from apps.caption.model import Captioner, doubly_stochastic
from apps.caption.pipeline import Pipeline
from common.batches import Batch
from common.config import BeamConfig, TokenizerConfig, TrainingConfig
from common.errors import UserError
from common.searches import Sampling
from common.text import EOS, PAD, UNK, train_tokenizer

CNN = EncoderConfig(size=32, widths=(4, 4, 8, 8))
SMALL = ModelConfig(units=8, embedding_dim=8)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
CAPTIONS = tf.constant([[9, 5, EOS, PAD, PAD], [6, 7, 8, 9, EOS]])


# Model -------------------------------------------------------------------------------------------

VARIANTS = [
    {"doubly_stochastic": 0.3, "gate": True},
    {"input_feeding": True, "layers": 2, "attention": "additive"},
    {"picture": "state", "cell": "gru", "upper_layers": 0},
    {"picture": "word", "tie": False, "embedding_dim": 6},
    {"agreement": 3.0},
]


@pytest.mark.parametrize("change", VARIANTS, ids=str)
def test_every_weight_learns_and_padding_is_inert(change):
    model = Captioner(Config(encoder=CNN, model=replace(SMALL, **change)), 12)
    with tf.GradientTape() as tape:
        total, count, nll = model.token_losses((IMAGES, CAPTIONS), training=True)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 8 and nll > 0
    plain = [float(v) for v in model.token_losses((IMAGES, CAPTIONS), training=False)]
    wide = tf.pad(CAPTIONS, [[0, 0], [0, 3]])
    found = [float(v) for v in model.token_losses((IMAGES, wide), training=False)]
    np.testing.assert_allclose(plain, found, rtol=1e-5)
    alone = [model.token_losses((IMAGES[n : n + 1], CAPTIONS[n : n + 1]), training=False)
             for n in range(2)]  # fmt: skip
    np.testing.assert_allclose(plain, np.sum(alone, 0), rtol=1e-5)


def test_doubly_stochastic_by_hand():
    weights = tf.constant([[[0.5, 0.5], [1.0, 0.0], [0.3, 0.7]]])
    found = doubly_stochastic(weights, tf.constant([[7, EOS, PAD]]))
    assert float(found) == pytest.approx((1 - 1.5) ** 2 + (1 - 0.5) ** 2)


def test_frozen_encoder_learns_nothing():
    encoder = EncoderConfig(name="efficientnet-lite0", size=32, train=False)
    model = Captioner(Config(encoder=encoder, model=SMALL), 12, pretrained=False)
    cells = model.frozen_cells(tf.constant(IMAGES))
    assert cells.shape == (2, 1, 1280) and cells.dtype == tf.float16
    assert not [v for v in model.trainable_variables if "norm" in v.path]
    before = [v.numpy() for v in model.picture_encoder.variables]
    assert float(model.token_losses((cells, CAPTIONS), training=True)[0]) > 0
    for old, new in zip(before, model.picture_encoder.variables, strict=True):
        np.testing.assert_array_equal(old, new)


def test_contradictions_are_refused():
    with pytest.raises(UserError, match="cnn has no pretrained weights"):
        Config(encoder=EncoderConfig(train=False))
    with pytest.raises(UserError, match="need --model.picture attention"):
        Config(model=ModelConfig(picture="word", gate=True))
    with pytest.raises(UserError, match="four numbers"):
        Config(encoder=EncoderConfig(widths=(8, 8)))
    jit = TrainingConfig(jit=True)
    with pytest.raises(UserError, match="training.jit"):
        Config(encoder=CNN, training=jit)
    Config(encoder=EncoderConfig(name="efficientnet-lite0", train=False), training=jit)


# Pipeline ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def captioner():
    """A pipeline with random weights over a tiny vocabulary."""
    tf.keras.utils.set_random_seed(3)
    tokenizer = train_tokenizer(TokenizerConfig(kind="word"), ["a medium-dark hand", "red", "one"])
    config = Config(encoder=CNN, model=SMALL)
    return Pipeline(config, Captioner(config, tokenizer.vocab_size), tokenizer)


def test_hyphens_are_closed(captioner):
    lines = ["a medium-dark hand", "jack-o-lantern", "man's red"]
    tokenizer = train_tokenizer(TokenizerConfig(kind="word"), lines)
    text = Pipeline(captioner.config, captioner.model, tokenizer).text(
        tokenizer.tokenize(tf.constant(lines)).to_tensor()[:, None]
    )
    assert [row[0].decode() for row in text.numpy()] == lines


def test_captions_are_cleaned():
    coco, plain = (replace(PRESETS["default"].data, words=words) for words in ("coco", "plain"))
    caption = "A man 's  dog does n't  \"sit\", OK?"
    assert dataset.clean(coco, caption) == "a man's dog doesn't sit ok"
    assert dataset.clean(plain, caption) == "A man 's dog does n't \"sit\", OK?"


def test_unknown_is_never_said(captioner):
    memory, state = captioner.model.encode(tf.constant(IMAGES))
    logits, _ = captioner.model.step(memory)(tf.constant([5, 6]), state)
    assert (logits.numpy().argmin(-1) == UNK).all()


def test_a_caption_depends_on_its_own_picture_only(captioner):
    beam = BeamConfig(beam=3, n_best=2, min_length=1)
    both = captioner(IMAGES, beam)
    for n in range(2):
        (alone,) = captioner(IMAGES[n : n + 1], beam)
        assert [c.text for c in alone] == [c.text for c in both[n]]
        np.testing.assert_allclose([c.score for c in alone], [c.score for c in both[n]], rtol=1e-4)


def test_a_drawn_caption_depends_on_seed_and_picture(captioner):
    drawn, pictures, keys = Sampling(1, temperature=1.5), IMAGES[[0, 1, 0, 0]], list("abac")
    first, other, again, apart = captioner(pictures, drawn, batch_size=3, keys=keys)
    assert first[0].text == again[0].text != apart[0].text
    assert captioner(IMAGES[1:], drawn, keys=["b"])[0][0].text == other[0].text


def test_attention_rows_are_distributions(captioner):
    weights, words = captioner.attention(IMAGES[:1], "a red hand")
    assert weights.shape == (4, 16) and words == ["a", "red", "hand", "</s>"]
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)


def test_graph_reads_files_as_infer_does(captioner, tmp_path):
    from common.vision.read_picture import read_picture_file

    Image.fromarray(RANDOM.integers(0, 256, (50, 70, 3), dtype=np.uint8)).save(tmp_path / "x.jpg")
    image = features.scaled(read_picture_file(tmp_path / "x.jpg"), 32)
    content = tf.constant([(tmp_path / "x.jpg").read_bytes()])
    np.testing.assert_array_equal(captioner.images(content)[0], image)


# Scores ------------------------------------------------------------------------------------------


def test_exact_and_attributes():
    captions = ["woman cook dark skin tone", "man", "pilot light skin tone"]
    references = [["Woman cook dark skin tone."], ["man", "person"], ["pilot dark skin tone"]]
    assert scores.exact(captions, references).value == pytest.approx(200 / 3)
    assert scores.right_attributes(captions, references).value == pytest.approx(200 / 3)
    kiss = scores.attributes("kiss woman man medium-dark skin tone light skin tone")
    assert kiss == (["medium-dark", "light"], {"male": 1, "female": 1})
    assert kiss != scores.attributes("kiss woman man light skin tone medium-dark skin tone")
    assert scores.attributes("light bulb") == ([], {})


def test_variety():
    found = scores.variety(["a dog", "a dog", "a cat"], {"a dog", "a red cat"})
    values = {name: round(score.value, 3) for name, score in found.items()}
    assert values == {"distinct_captions": 2, "copied_captions": 66.667, "vocabulary_used": 75}
    assert scores.variety(["一只狗"], ["一只猫"], "zh")["vocabulary_used"].value == 200 / 3


# Commands on your own pictures ---------------------------------------------------------------

COLORS = {"red": (220, 30, 30), "green": (30, 180, 30), "blue": (30, 30, 220)}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder with pictures of three colours, captions.tsv, and two non-pictures."""
    folder = tmp_path_factory.mktemp("own")
    lines = []
    for n in range(30):
        color = list(COLORS)[n % 3]
        noise = RANDOM.integers(-20, 20, (20, 24, 3))
        image = np.clip(np.array(COLORS[color]) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(image).save(folder / f"{n}.jpg")
        lines.append(f"{n}.jpg\tA {color} square.")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    lines += ["empty.jpg\tNothing.", "text.jpg\tWords.", "gone.jpg\tGone.", "0.jpg"]
    (folder / "captions.tsv").write_text("\n".join(lines) + "\n")
    return folder


def run(monkeypatch, module, *arguments):
    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"apps.caption.{module}", run_name="__main__")
    return end.value.code


@pytest.fixture(scope="module")
def run_folder(own, tmp_path_factory):
    """A run on those pictures, trained for a few steps."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["tiny", "--run-dir", folder, "--data.train", own / "captions.tsv"]
    arguments += [
        "--data.test",
        own / "captions.tsv",
        "--data.words",
        "coco",
        "--metric",
        "cider_d",
    ]
    arguments += ["--batching.batch-size", 10, "--training.epochs", 2]
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, "train", *arguments) == 0
    return folder


def test_bad_pictures_are_named_and_left_out(own, run_folder, monkeypatch, capsys):
    assert run(monkeypatch, "evaluate", run_folder) == 0
    out, err = capsys.readouterr()
    result = json.loads(out.splitlines()[-1])
    assert result["pictures"] == 30
    assert "empty.jpg is empty" in err and "text.jpg is not a picture" in err
    assert "2 of 34 lines left out" in err and "without its picture" in err
    assert set(result) >= {"bleu1", "bleu4", "rouge_l", "cider_d", "exact", "distinct_captions"}
    assert "attributes" not in result  # which emoji have


def test_evaluate_own_captions(own, run_folder, monkeypatch, capsys, tmp_path):
    (tmp_path / "c.json").write_text(
        json.dumps({"images": [{"id": 1, "file_name": "3.jpg"}],
                    "annotations": [{"image_id": 1, "caption": "A red square."}] * 2})
    )  # fmt: skip
    drawn = tmp_path / "grid.png"
    arguments = ["--captions", tmp_path / "c.json", "--folder", own, "--beam", 2, "--grid", drawn]
    assert run(monkeypatch, "evaluate", run_folder, *arguments) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["pictures"] == 1 and "refs:2" in result["signatures"]["bleu1"]
    assert drawn.read_bytes().startswith(b"\x89PNG")


def test_own_captions_of_any_length_are_scored(own, run_folder, monkeypatch, capsys, tmp_path):
    """A run on emoji does not score the attributes of photographs."""
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    config["data"].update(train="", test="")
    (folder / "config.json").write_text(json.dumps(config))
    (tmp_path / "c.tsv").write_text("3.jpg\tA" + " red" * 100 + " square.\n")
    arguments = ["--captions", tmp_path / "c.tsv", "--folder", own, "--beam", 0]
    assert run(monkeypatch, "evaluate", folder, *arguments) == 0
    out = capsys.readouterr().out
    result = json.loads(out.splitlines()[-1])
    assert "left out" not in out and "attributes" not in result
    assert "tokens:103" in result["signatures"]["perplexity"]


def test_infer_takes_files_and_folders(own, run_folder, monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "infer", run_folder, own / "1.jpg", own / "2.jpg", "--beam", 0) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert run(monkeypatch, "infer", run_folder, own) == 2  # two are not pictures
    out, err = capsys.readouterr()
    rows = dict(line.split("\t") for line in out.splitlines())
    assert len(rows) == 32 and rows[str(own / "empty.jpg")] == ""
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 2
    (tmp_path / "none").mkdir()
    paths = tmp_path / "none", own / "1.jpg", ""
    assert run(monkeypatch, "infer", run_folder, *paths) == 2
    out, err = capsys.readouterr()
    assert [bool(line) for line in out.split("\n")] == [False, True, False, False]
    assert err.startswith(f"error: there is no picture in the folder {paths[0]}: ")
    assert len(err.splitlines()) == 1
    assert run(monkeypatch, "infer", run_folder, "") == 0
    assert capsys.readouterr() == ("\n", "")
    assert run(monkeypatch, "infer", run_folder, "nowhere.png", own / "1.jpg", "--json") == 2
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [len(row["captions"]) for row in rows] == [0, 1] and "no picture nowhere.png" in err
    assert run(monkeypatch, "infer", run_folder, own / "1.jpg", "--n-best", 2) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    for more in ((), (own / "2.jpg",)):
        assert run(monkeypatch, "infer", run_folder, *more, own / "1.jpg", "--sample") == 0
    alone, _, among = capsys.readouterr().out.splitlines()
    assert alone == among
    assert run(monkeypatch, "infer", run_folder, own / "1.jpg", "--sample", "--n-best", 2) == 2
    assert run(monkeypatch, "infer", run_folder, own / "1.jpg", "--sample", "--top-k", -1) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    sheet = tmp_path / "sheet.png"
    assert run(monkeypatch, "infer", run_folder, own / "1.jpg", "--attention", sheet) == 0
    assert Image.open(sheet).size[0] > 100
    assert run(monkeypatch, "infer", run_folder, own, "--attention", sheet) == 2
    assert run(monkeypatch, "infer", run_folder, "", "--attention", sheet) == 2


def test_a_run_starts_from_another(own, run_folder, monkeypatch, capsys, tmp_path):
    arguments = ["tiny", "--run-dir", tmp_path / "run", "--data.train", own / "captions.tsv"]
    arguments += ["--data.words", "coco", "--start-from", run_folder, "--max-steps", 1]
    arguments += ["--training.learning-rate", 1e-9]
    assert run(monkeypatch, "train", *arguments) == 0
    with (
        np.load(run_folder / "checkpoints/best.npz") as a,
        np.load(tmp_path / "run/checkpoints/best.npz") as b,
    ):
        names = [n for n in a.files if n.endswith(("/kernel", "/table"))]
        assert len(names) > 5
        for name in names:
            np.testing.assert_allclose(a[name], b[name], atol=1e-5, err_msg=name)


# Frozen features ---------------------------------------------------------------------------------


class Frozen:
    """The part of a model that `load_inputs` needs: an encoder that counts its pictures."""

    def __init__(self):
        encoder = EncoderConfig(name="efficientnet-lite0", size=40, train=False)
        self.config, self.cells_shape, self.seen = Config(encoder=encoder), (2, 3), []

    def frozen_cells(self, images):
        self.seen.append(images)
        halves = tf.reshape(tf.cast(images, tf.float32), [-1, 40, 2, 20, 3])
        return tf.cast(tf.reduce_mean(halves, [1, 3]), tf.float16)


def test_features_are_kept_and_mirrored(own, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, :20] = 200  # bright on the left
    Image.fromarray(image).save(tmp_path / "x.png")
    found = [dataset.Picture("x", tmp_path / "x.png", ["one", "two"])]
    inputs = features.load_inputs(Frozen(), found, flip=True)
    plain, mirrored = inputs.array[inputs.rows].astype(int)
    assert (plain == [[200] * 3, [0] * 3]).all() and (mirrored == plain[::-1]).all()
    again = Frozen()
    same = features.load_inputs(again, found)
    assert not again.seen and (same.array[same.rows[0]] == plain).all()
    tokenizer = train_tokenizer(TokenizerConfig(kind="word"), ["one", "two"])
    batches = dataset.make_batches(PRESETS["default"], inputs, tokenizer)
    batch = Batch(0, np.array([0, 1]))
    sides = [batches.arrays(batch)[0] for _ in range(2)]
    np.testing.assert_array_equal(*sides)
    chances = [
        batches.arrays(Batch(0, np.array([n] * k)))[0][0, 0, 0] for n in (0, 1) for k in range(1, 9)
    ]
    assert {float(c) for c in chances} == {0.0, 200.0}


def test_no_readable_picture_is_an_error(own, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(UserError, match="none of the pictures can be read"):
        features.load_inputs(Frozen(), [dataset.Picture("t", own / "text.jpg", ["x"])])


def test_examples_are_copied(own, tmp_path):
    found = [dataset.Picture(f"{n}", own / f"{n}.jpg", ["x"]) for n in range(20)]
    pictures.keep_examples(tmp_path, features.Inputs(found, np.arange(20), None))
    lines = (tmp_path / "examples.txt").read_text().splitlines()
    assert len(lines) == 8 and all(Image.open(line).size == (24, 20) for line in lines)
