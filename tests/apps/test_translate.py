"""Translation: your own files, bad input, long text, search options, the loss."""

import gzip
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from apps.translate import dataset, pipeline
from apps.translate.config import PRESETS, Config, DataConfig, ModelConfig
from apps.translate.model import Translator
from common.config import BeamConfig, TokenizerConfig
from common.errors import UserError
from common.searches import Sampling
from common.text import EOS, PAD, split_long, train_tokenizer
from data import DataError

SMALL = ModelConfig(units=8, embedding_dim=8)
SOURCE = tf.constant([[5, 6, 7, EOS], [8, EOS, PAD, PAD]])
TARGET = tf.constant([[9, 5, EOS, PAD, PAD], [6, 7, 8, 9, EOS]])


@pytest.fixture(scope="module")
def translator():
    """A pipeline with random weights over a tiny vocabulary."""
    tf.keras.utils.set_random_seed(3)
    lines = ["the light was good. the day was long! 你好", "and the night? it was dark."]
    tokenizer = train_tokenizer(TokenizerConfig(kind="char"), lines)
    config = Config(data=DataConfig(max_length=30), model=SMALL)
    model = Translator(SMALL, tokenizer.vocab_size, tokenizer.vocab_size)
    return pipeline.Pipeline(config, model, tokenizer, tokenizer)


# Model -------------------------------------------------------------------------------------------

VARIANTS = [
    {},
    {"cell": "gru", "attention": "additive"},
    {"cell": "fgr", "input_feeding": True},
    {"cell": "ctrnn", "upper_layers": 1},
    {"cell": "elman", "attention": "general", "tie": "output"},
    {"tie": "none", "embedding_dim": 6},
    {"input_feeding": True, "decoder_layers": 2, "encoder_layers": 2},
    {"upper_layers": 2, "encoder_layers": 3, "same_dropout": True},
    {"input_feeding": True, "upper_layers": 1, "word_dropout": 0.2},
    {"agreement": 5.0, "dropout": 0.5},
]


@pytest.mark.parametrize("change", VARIANTS, ids=str)
def test_every_weight_learns_and_padding_is_inert(change):
    model = Translator(replace(SMALL, **change), 12, 12)
    with tf.GradientTape() as tape:
        total, count, nll = model.token_losses((SOURCE, TARGET), training=True)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 8 and nll > 0
    plain = [float(v) for v in model.token_losses((SOURCE, TARGET), training=False)]
    wide = tf.pad(SOURCE, [[0, 0], [0, 3]]), tf.pad(TARGET, [[0, 0], [0, 2]])
    np.testing.assert_allclose(plain, [float(v) for v in model.token_losses(wide, training=False)],
                               rtol=1e-5)  # fmt: skip
    alone = [model.token_losses((SOURCE[n : n + 1], TARGET[n : n + 1]), training=False)
             for n in range(2)]  # fmt: skip
    np.testing.assert_allclose(plain, np.sum(alone, 0), rtol=1e-5)


def test_loss_is_that_of_the_steps():
    """Teacher forcing over the whole target equals the step function that decoding uses."""
    model = Translator(replace(SMALL, upper_layers=1), 12, 12)
    memory, state = model.encode(SOURCE)
    step, nll = model.step(memory), 0.0
    tokens = tf.constant([2, 2])
    for t in range(TARGET.shape[1]):
        logits, state = step(tokens, state)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(TARGET[:, t], logits)
        nll += tf.reduce_sum(tf.where(TARGET[:, t] != PAD, losses, 0.0))
        tokens = TARGET[:, t]
    assert float(nll) == pytest.approx(
        float(model.token_losses((SOURCE, TARGET), training=False)[2]), rel=1e-5
    )


@pytest.mark.parametrize("static", [False, True])
def test_agreement_costs_only_with_dropout(static):
    for rate in (0.0, 0.5):
        rates = dict.fromkeys(("dropout", "embedding_dropout", "output_dropout"), rate)
        changed = replace(SMALL, agreement=5.0, label_smoothing=0.0, **rates)
        model = Translator(changed, 12, 12, static_shapes=static)
        with_it = [float(v) for v in model.token_losses((SOURCE, TARGET))]
        model.config = replace(model.config, agreement=0.0)
        without = [float(v) for v in model.token_losses((SOURCE, TARGET))]
        assert with_it[1] == without[1] == 8
        if rate == 0.0:
            np.testing.assert_allclose(with_it, without, rtol=1e-5)
        else:
            assert with_it[0] > with_it[2] + 0.01 and without[0] == without[2]


def test_static_shapes_give_the_same_loss():
    model = Translator(SMALL, 12, 12)
    plain = [float(v) for v in model.token_losses((SOURCE, TARGET), training=False)]
    model.static_shapes = True
    other = [float(v) for v in model.token_losses((SOURCE, TARGET), training=False)]
    np.testing.assert_allclose(plain, other, rtol=1e-6)


def test_scheduled_sampling_replaces_words_only_as_planned():
    model = Translator(replace(SMALL, scheduled_sampling=1.0), 12, 12)
    shifted = tf.concat([[[2], [2]], TARGET[:, :-1]], 1)
    np.testing.assert_array_equal(model.sample_words(SOURCE, shifted, 0.0), shifted)
    replaced = model.sample_words(SOURCE, shifted, 1.0).numpy()
    assert (replaced[:, 0] == 2).all() and (replaced[0, 4] == PAD)
    assert (replaced != shifted.numpy()).any()


def test_tying_counts_parameters():
    tied, output, none = (
        Translator(replace(SMALL, tie=tie), 20, 20).count_params()
        for tie in ("all", "output", "none")
    )
    assert output - tied == 20 * 8 and none - output == 20 * 8
    with pytest.raises(UserError, match="joint"):
        Config(joint=False)


# Text in, text out -------------------------------------------------------------------------------


def test_odd_input_never_fails(translator):
    odd = ["", "   ", "\u0000\u0001\t", "☃ Ω 漢字", "a" * 500, "\ud800", "the\nlight", "\u2028"]
    found = translator(odd)
    assert len(found) == len(odd)
    assert [row[0].text for row in found[:3]] == ["", "", ""]


def test_order_and_batching_do_not_matter(translator):
    texts = ["the light", "dark", "", "and the night was long"]
    together = translator(texts, batch_size=3)
    for text, found in zip(texts, together, strict=True):
        alone = translator([text])[0]
        assert alone[0].text == found[0].text
        assert alone[0].score == pytest.approx(found[0].score, abs=1e-4)


def test_n_best_is_ordered(translator):
    found = translator(["the light"], BeamConfig(beam=4, n_best=4))[0]
    scores = [item.score for item in found]
    assert len(found) == 4 and scores == sorted(scores, reverse=True)
    assert found[0] == translator(["the light"], BeamConfig(beam=4))[0][0]


def test_sampling_depends_on_its_seed_alone(translator):
    drawn = Sampling(seed=1)
    first = translator.best(["the light"], drawn)
    assert first == translator.best(["the light"], drawn)
    others = {translator.best(["the light"], Sampling(n))[0] for n in range(2, 8)}
    assert others != set(first)
    among = translator.best(["dark", "the light", "", "the lighu", "the light"], drawn, 3)
    assert among[1] == among[4] == first[0] != among[3]


def test_long_text_is_split_at_sentence_ends(translator, capsys):
    pieces = ["the light was good.", "the day was long!", "it was dark."]
    found = translator([" ".join(pieces)])[0][0]
    parts = [translator([piece])[0][0] for piece in pieces]
    assert found.text == " ".join(part.text for part in parts)
    assert found.score == pytest.approx(sum(part.score for part in parts), abs=1e-3)
    assert "left out" not in capsys.readouterr().err
    translator(["dark", "a" * 40])
    assert "in 1 texts (number 2)" in capsys.readouterr().err
    translator(["dark", "a" * 40], first=513)
    assert "in 1 texts (number 514)" in capsys.readouterr().err


def test_split_long():
    def fits(text):
        return len(text.strip()) <= 12

    assert split_long("One. Two.", fits) == (["One. Two."], 0)
    assert split_long('He said "no." Then more.', fits)[0] == ['He said "no." ', "Then more."]
    assert split_long("你好。你好吗？我很好，谢谢你。", lambda t: len(t) <= 8) == (
        ["你好。你好吗？", "我很好，谢谢你。"],
        0,
    )
    assert split_long("No end in this one. Short.", fits) == (["No end in this one. ", "Short."], 1)
    assert split_long("3.14 is not an end", fits) == (["3.14 is not an end"], 1)


def test_attention_rows_are_distributions(translator):
    weights, columns, rows = translator.attention("the light", "dark")
    assert weights.shape == (len(rows), len(columns)) == (5, 10)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)


# Data --------------------------------------------------------------------------------------------


def write(path, lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_own_files(tmp_path, capsys):
    one = write(tmp_path / "a.txt", ["eins", "", "drei", "vier"])
    two = write(tmp_path / "b.txt", ["one", "two", "three", "four"])
    config = DataConfig(train=(one, two), validation=(one, two), source="de", target="en")
    pairs = dataset.read_pairs(config, "train")
    assert pairs == [("eins", "one"), ("drei", "three"), ("vier", "four")]
    assert "1 of 4" in capsys.readouterr().err
    with pytest.raises(DataError, match="test files"):
        dataset.read_pairs(config, "test")
    tsv = tmp_path / "c.tsv.gz"
    tsv.write_bytes(
        gzip.compress("".join(f"s{n}\tt{n}\n" for n in [*range(100), *range(9)]).encode())
    )
    config = DataConfig(train=(str(tsv),))
    train, held = (dataset.read_pairs(config, split) for split in ("train", "validation"))
    assert len({*train}) == 98 and len({*held}) == 2 and not {*train} & {*held}
    assert dataset.read_pairs(replace(config, limit=5), "train") == train[:5]


def test_unequal_files_name_both_counts(tmp_path):
    one, two = write(tmp_path / "a", ["x"] * 3), write(tmp_path / "b", ["y"] * 5)
    with pytest.raises(DataError, match="3.*5"):
        dataset.read_pairs(DataConfig(train=(one, two)), "train")


def test_batches_leave_out_what_is_too_long(translator, capsys):
    pairs = [("the light", "dark"), ("a" * 50, "dark"), ("dark", "")]
    config = Config(data=DataConfig(max_length=30), model=SMALL)
    batches = dataset.make_batches(config, pairs, *translator.tokenizers)
    assert len(batches.columns[0]) == 1 and "2 of 3" in capsys.readouterr().out
    assert (
        len(dataset.make_batches(config, pairs, *translator.tokenizers, limit=False).order(0)) == 1
    )


def test_languages_of_versions_are_the_same():
    assert dataset.languages(PRESETS["default"].data) == ("en", "en")
    assert dataset.languages(PRESETS["multi30k"].data) == ("en", "de")
    assert dataset.languages(PRESETS["tatoeba"].data) == ("en", "fr")


def test_own_files_have_no_languages_of_a_version(capsys):
    assert dataset.languages(DataConfig(train=("x.tsv",)), tell=True) == ("", "")
    assert "--data.target" in capsys.readouterr().err
    named = DataConfig(train=("x.tsv",), target="cmn")
    assert dataset.languages(named, tell=True) == ("", "zh")
    assert dataset.languages(DataConfig(), tell=True) == ("en", "en")
    assert capsys.readouterr().err == ""


# Commands ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run of your own files, trained for two steps."""
    import runpy
    import sys

    folder = tmp_path_factory.mktemp("own")
    words = ["red", "green", "blue", "black", "white", "one", "two", "three", "four", "five"]
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(words, 4)) + "." for _ in range(120)]
    files = [write(folder / "s", lines), write(folder / "t", [line.upper() for line in lines])]
    arguments = ["tiny", "--run-dir", str(folder / "run"), "--max-steps", "2", "--data.train"]
    arguments += [*files, "--data.test", *files, "--tokenizer.kind", "char", "--no-joint"]
    arguments += ["--model.tie", "output", "--data.source", "xx", "--data.target", "yy"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train", *arguments])
        with pytest.raises(SystemExit) as end:
            runpy.run_module("apps.translate.train", run_name="__main__")
        assert end.value.code == 0
    return folder / "run"


def run(monkeypatch, module, *arguments):
    import runpy
    import sys

    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"apps.translate.{module}", run_name="__main__")
    return end.value.code


def test_infer_options(run_folder, monkeypatch, capsys, tmp_path):
    capsys.readouterr()
    assert run(monkeypatch, "infer", run_folder, "red one.", "", "--json", "--n-best", 2) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["source"] for row in rows] == ["red one.", ""]
    assert all(len(row["translations"]) == 2 for row in rows)
    lines = write(tmp_path / "in.txt", ["red", "", "blue two"])
    assert run(monkeypatch, "infer", run_folder, "--file", lines, "--beam", 0) == 0
    assert len(capsys.readouterr().out.split("\n")) == 4
    picture = tmp_path / "map.png"
    assert run(monkeypatch, "infer", run_folder, "red one.", "--attention", picture) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run(monkeypatch, "infer", run_folder, "a", "b", "--attention", picture) == 2
    capsys.readouterr()
    for wrong in (
        ["--beam", 0, "--n-best", 2],
        ["--sample", "--n-best", 2],
        ["--sample", "--seed", 2**31],
        ["--sample", "--temperature", -1],
        ["--sample", "--temperature", "nan"],
        ["--sample", "--top-p", 0],
    ):
        assert run(monkeypatch, "infer", run_folder, "a", *wrong) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1, wrong


def test_evaluate_own_files(run_folder, monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "evaluate", run_folder) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["sentences"] == 120 and "bleu_of_copying_the_input" not in result
    other = tmp_path / "run"
    shutil.copytree(run_folder, other)
    config = (other / "config.json").read_text()
    config = config.replace('"xx"', '"kjv"').replace('"yy"', '"bbe"')
    (other / "config.json").write_text(config)
    assert run(monkeypatch, "evaluate", other) == 0
    out, err = capsys.readouterr()
    assert "bleu_of_copying_the_input" not in json.loads(out.splitlines()[-1])
    assert "the target language is not named" in err
    files = write(tmp_path / "a", ["red", "blue"]), write(tmp_path / "b", ["RED", "BLUE"])
    assert run(monkeypatch, "evaluate", run_folder, "--pair", *files, "--beam", 2) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["sentences"] == 2 and result["search"]["beam"] == 2


def test_subword_sampling_cuts_words_anew_every_epoch(tmp_path):
    config = replace(
        PRESETS["tiny"],
        tokenizer=TokenizerConfig(kind="bpe", vocab_size=200, subword_sampling=0.3),
    )
    pairs = [("in the beginning was the word", "at the start there was the word")] * 20
    tokenizer, _ = dataset.make_tokenizers(config, pairs, tmp_path)

    def texts(epoch, **options):
        batches = dataset.make_batches(config, pairs, tokenizer, tokenizer, **options)
        arrays = batches.arrays(batches.order(epoch)[0])
        return arrays, [[t.decode() for t in tokenizer.detokenize(a).numpy()] for a in arrays]

    plain, words = texts(0)
    first, same = texts(0, sampled=True)
    again, _ = texts(0, sampled=True)
    other, _ = texts(1, sampled=True)
    assert words == same
    assert first[0].shape[1] > plain[0].shape[1] and len(np.unique(first[0], axis=0)) > 1
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert first[0].shape != other[0].shape or (first[0] != other[0]).any()
