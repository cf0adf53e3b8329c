"""Pinyin: spellings, segmentation, network, search, baselines, your own text."""

import itertools
import json
import runpy
import sys
from dataclasses import replace

import numpy as np
import pytest
import sentencepiece
import tensorflow as tf

from apps.pinyin import dataset, pipeline, syllables
from apps.pinyin.baselines import Baselines
from apps.pinyin.config import Config, DataConfig, DecodingConfig, ModelConfig
from apps.pinyin.model import Converter
from common.batches import Batch, pad
from common.config import BeamConfig
from common.errors import UserError
from common.text import BOS, EOS, PAD, UNK
from data import DataError

SMALL = ModelConfig(units=6, embedding_dim=8, pair_buckets=99, pair_dim=4)
PAIRS = [
    ("ta shi yan jiu sheng wu de", "他是研究生物的"),
    ("ta shi xue sheng", "他是学生"),
    ("lv se de shu", "绿色的书"),
    ("xi an", "西安"),
    ("wo ai bei jing", "我爱北京"),
]
FEW = {"ta": "他她", "shi": "是市使", "yan": "研烟", "xi": "西", "an": "安", "xian": "先"}


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    return dataset.make_tokenizers(PAIRS, tmp_path_factory.mktemp("tokenizers"))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A pipeline with a random network that has the readings of FEW only."""
    folder = tmp_path_factory.mktemp("few")
    syllables.segmenter({s: n + 1 for n, s in enumerate(FEW)}).save(folder, "syllables")
    characters = dataset.tokenizers.train_tokenizer(dataset.CHARACTERS, ["".join(FEW.values())])
    characters.save(folder, "characters")
    (folder / dataset.READINGS).write_text(json.dumps(FEW))
    *both, allowed = dataset.load_tokenizers(folder)
    model, random = Converter(SMALL, allowed), np.random.default_rng(3)
    for weight in model.trainable_variables:  # no set_random_seed: it clears the tokenizers
        weight.assign(random.normal(size=weight.shape))
    config = Config(model=SMALL, decoding=DecodingConfig(BeamConfig(beam=16), 0.4))
    return pipeline.Pipeline(config, model, *both)


# Syllables --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, found",
    [
        ("ta shi xue sheng", "ta shi xue sheng"),
        ("tashixuesheng", "ta shi xue sheng"),
        ("Tā shì XUÉshēng", "ta shi xue sheng"),
        ("ta1shi4 xue2 sheng1", "ta shi xue sheng"),
        ("ｔａ\u3000shi\tｘｕｅ", "ta shi xue"),
        ("xi'an", "xi an"),
        ("xi’an xian", "xi an xian"),
        ("lǜsè lü4 lv lu:", "lv se lv lv lv"),
        ("lüè lue nue", "lve lve nve"),
        ("jü jv qv", "ju ju qu"),
        ("lia", "lia"),
        ("", ""),
        (" \u0001 ", ""),
    ],
)
def test_spellings(tokenizers, text, found):
    rows = syllables.tokenize(tokenizers[0], [text, "ta"])
    assert tokenizers[0].pieces(rows.numpy()[0]) == found.split()
    assert syllables.complaint(tokenizers[0], text) is None


@pytest.mark.parametrize(
    "text, told",
    [
        ("ta xqan", "'xqan' (word 2)"),
        ("ta9 shi", "'ta9' (at letter 3 of word 1)"),
        ("ta shi hello", "word 3"),
        ("他", "'他' (word 1)"),
        ("ta, shi", "letter 3"),
    ],
)
def test_text_that_is_not_pinyin_is_named(tokenizers, text, told):
    assert UNK in syllables.tokenize(tokenizers[0], [text]).numpy()[0]
    assert told in syllables.complaint(tokenizers[0], text)


def test_segmentation_is_the_best_of_all(tokenizers):
    """Viterbi's result equals the best of all ways to spell a string."""
    counts = {"xi": 5, "an": 7, "xian": 1, "gan": 3, "g": 0, "fan": 6, "fang": 2, "a": 1, "n": 0}
    tokenizer = syllables.segmenter(counts)
    model = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.content())
    scores = {model.id_to_piece(n): model.get_score(n) for n in range(4, len(counts) + 4)}

    def ways(text):
        if not text:
            yield []
        for end in range(1, len(text) + 1):
            if text[:end] in counts:
                yield from ([text[:end], *rest] for rest in ways(text[end:]))

    for text in ("xianfangan", "fangana", "xiananxian", "ganganfan"):
        best = max(ways(text), key=lambda way: sum(scores[s] for s in way))
        assert tokenizer.pieces(tokenizer.tokenize([text]).numpy()[0]) == best


def test_a_syllable_by_itself_stays_whole(tokenizers):
    every = tokenizers[0].pieces(range(EOS + 1, tokenizers[0].vocab_size))
    assert len(every) > 390
    rows = syllables.tokenize(tokenizers[0], [" ".join(every)])
    assert tokenizers[0].pieces(rows.numpy()[0]) == every


# Network ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell, layers", [("lstm", 1), ("gru", 2)])
def test_every_weight_learns_and_padding_is_inert(tokenizers, cell, layers):
    counts = dict.fromkeys(("encoder_layers", "decoder_layers", "language_layers"), layers)
    config = replace(SMALL, cell=cell, **counts)
    model = Converter(config, tokenizers[2])
    arrays = dataset.make_batches(Config(), PAIRS, *tokenizers[:2]).arrays(Batch(0, [0, 1, 3]))
    with tf.GradientTape() as tape:
        total, count, _ = model.token_losses(arrays)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 7 + 4 + 2
    plain = [float(v) for v in model.token_losses(arrays, training=False)]
    wide = [np.pad(array, [[0, 0], [0, 3]]) for array in arrays]
    np.testing.assert_allclose(model.token_losses(wide, training=False), plain, rtol=1e-5)
    alone = [
        model.token_losses([array[n : n + 1] for array in arrays], training=False) for n in range(3)
    ]
    np.testing.assert_allclose(np.sum(alone, 0), plain, rtol=1e-5)


def test_steps_are_the_loss(few):
    """Search steps over the references give the loss of the decoder with w = 0, the loss of the
    language model with w = 1, and their weighted sum between; a softmax does not change them."""
    model, rows = few.model, tf.constant([[4, 5, 6, 7]])
    rows = few.syllables.tokenize(["tashiyanxi"]).to_tensor()
    references = few.characters.tokenize(["她使研西"]).to_tensor()
    memory = model.encode(rows)
    sums = {}
    for weight in (0.0, 0.4, 1.0):
        step, state = model.step(memory, rows, weight, 1)
        sums[weight] = 0.0
        tokens = tf.constant([BOS])
        for t in range(4):
            log_probs, state = step(tokens, state)
            np.testing.assert_allclose(tf.reduce_logsumexp(log_probs), 0, atol=1e-5)
            tokens = references[:, t]
            sums[weight] += float(log_probs[0, int(tokens[0])])
    loss, count, _ = model.token_losses((rows, references), training=False)
    assert count == 4 and float(loss) == pytest.approx(-sums[0.0] - sums[1.0], rel=1e-5)
    assert sums[0.4] == pytest.approx(0.6 * sums[0.0] + 0.4 * sums[1.0], rel=1e-4)


def test_a_wide_beam_finds_all_readings_ordered(few):
    text = "ta shi yan xi"
    every = ["".join(one) for one in itertools.product(*(FEW[s] for s in text.split()))]
    assert len(every) == 12
    scored = sorted(few.score(text, every), key=lambda one: -one.score)
    found = few([text, "xi", "xqan", ""], BeamConfig(beam=16, n_best=16, length_penalty=0))
    assert [one.text for one in found[0]] == [one.text for one in scored]
    np.testing.assert_allclose([a.score for a in found[0]], [b.score for b in scored], rtol=1e-4)
    assert [one.text for one in found[1]] == ["西"]  # the only reading
    assert found[2] == [] and found[3] == [("", 0.0)]


def test_an_unknown_reading_is_scored_as_unknown(few):
    arrays = few.syllables.tokenize(["tashi"]).to_tensor(), few.characters.tokenize(["是他"])
    nll = few.model.token_losses((arrays[0], arrays[1].to_tensor()), training=False)[2]
    assert 0 < float(nll) < 100  # not the 1e9 of a forbidden choice


def test_readings_that_cannot_be_are_refused(few):
    with pytest.raises(UserError, match="烟 is unknown, or not read so"):
        few.score("ta shi", ["他是", "他烟"])
    spaced, plain = few.score("ta shi", [" 他是", "他是"])
    assert spaced.score == plain.score
    for text, reading in [("ta shi", "他"), ("ta", "他是"), ("", "")]:
        with pytest.raises(UserError, match="give one character per syllable"):
            few.score(text, [reading])
    with pytest.raises(UserError, match="not pinyin"):
        few.score("tx", ["他"])


# Baselines --------------------------------------------------------------------------------------


def test_hmm_is_the_best_path_of_proper_probabilities(tokenizers):
    columns = dataset.make_batches(Config(), PAIRS, *tokenizers[:2]).columns
    model = Baselines(columns, tokenizers[2])
    np.testing.assert_allclose(np.exp(model.transitions).sum(1), 1, rtol=1e-4)
    written = ["".join(tokenizers[1].pieces(model.hmm(row))) for row in columns[0]]
    assert written == [text for _, text in PAIRS]
    row = syllables.tokenize(tokenizers[0], ["xi an"]).numpy()[0]

    def score(pair):
        one, other = pair
        found = sum(model.emissions[s, c] for s, c in zip(row, pair, strict=True))
        steps = [(BOS, one), (one, other), (other, EOS)]
        return found + sum(model.transitions[step] for step in steps)

    every = itertools.product(*(model.candidates[s].tolist() for s in row))
    assert tuple(model.hmm(row)) == max(every, key=score)
    row = syllables.tokenize(tokenizers[0], ["sheng de"]).numpy()[0]
    assert tokenizers[1].pieces(model.most_frequent(row)) == ["生", "的"]


# Data; then commands, last: their seeds clear the tokenizers of the fixtures --------------------


def test_every_character_is_allowed_by_its_syllable(tokenizers):
    both = dataset.make_batches(Config(), PAIRS, *tokenizers[:2]).columns
    for syllable, character in zip(*(np.concatenate(column) for column in both), strict=True):
        assert tokenizers[2][syllable, character]
    assert not tokenizers[2][:, [PAD, BOS, EOS]].any() and not tokenizers[2][PAD].any()
    known = tokenizers[1].tokenize(["嘻"]).numpy()[0][0]  # in the dictionary, not in the pairs
    assert tokenizers[2][:, known].sum() == 1


def test_a_syllable_that_the_run_does_not_know(few):
    """Unknown syllables of other text count as wrong and shift nothing."""
    pairs = [("ta den shi", "他扽是"), ("xi an", "西安")]
    columns = dataset.make_batches(Config(), pairs, few.syllables, few.characters).columns
    assert [len(row) for row in columns[0]] == [3, 2] and columns[0][0][1] == UNK
    assert few.syllables.pieces(columns[0][1]) == ["xi", "an"]
    model = Baselines(columns, few.model.allowed.numpy())
    assert few.characters.pieces(model.hmm(columns[0][0]))[::2] == ["他", "是"]
    assert len(model.most_frequent(columns[0][0])) == 3
    assert few.best([pairs[0][0]]) == [""]
    assert float(few.model.token_losses([pad(c) for c in columns], training=False)[2]) < 1000


def command(monkeypatch, capsys, module, *arguments):
    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"apps.pinyin.{module}", run_name="__main__")
    return end.value.code, *capsys.readouterr()


def test_own_text_from_training_to_readings(tmp_path, monkeypatch, capsys):
    text, run = tmp_path / "own.txt", tmp_path / "run"
    text.write_text("".join(f"{t}。他说：“好”。\n" for _, t in PAIRS) + "我们都是学生，2 of us\n")
    small = ["--model.units", 8, "--model.embedding-dim", 8, "--batching.batch-size", 2]
    arguments = ["tiny", "--run-dir", run, "--max-steps", 2, "--data.train", text, *small]
    code, out, err = command(monkeypatch, capsys, "train", *arguments)
    assert code == 0 and "6 training pieces" in out
    code, _, err = command(monkeypatch, capsys, "evaluate", run)
    assert code == 2 and "--data.test" in err
    code, out, _ = command(monkeypatch, capsys, "evaluate", run, "--file", text)
    assert code == 0 and json.loads(out.splitlines()[-1])["pieces"] == 7
    # Readings that the run prints: the first and others of its best.
    code, out, _ = command(monkeypatch, capsys, "infer", run, "ta shi", "--n-best", 5)
    said = [line.split("\t")[1] for line in out.splitlines()]
    said = [t for t in said if dataset.reading.read(t) == ["ta", "shi"]]
    other = tmp_path / "said.txt"
    other.write_text("\n".join(said))
    code, out, _ = command(monkeypatch, capsys, "evaluate", run, "--file", other)
    result = json.loads(out.splitlines()[-1])
    assert result["accuracy_top_5"] == 100 > result["accuracy"] and len(said) > 1
    code, out, err = command(monkeypatch, capsys, "infer", run, "tashi", "ta txq", "xian")
    assert code == 2 and [len(line) for line in out.split("\n")] == [2, 0, 1, 0]
    assert err.startswith("error: text 2: 'txq' (word 2) is not pinyin")
    code, out, _ = command(monkeypatch, capsys, "infer", run, "ta shi", "--score", "她市", "他是")
    assert code == 0 and [line.split("\t")[1] for line in out.splitlines()] == ["她市", "他是"]
    code, out, _ = command(monkeypatch, capsys, "infer", run, "ta", "--n-best", 3, "--json")
    assert code == 0 and len(json.loads(out)["readings"]) == 3
    scores = []
    for weight in (0, 1):
        arguments = ["ta", "--score", "他", "--language-weight", weight]
        code, out, _ = command(monkeypatch, capsys, "infer", run, *arguments)
        scores.append(float(out.split("\t")[0]))
    assert code == 0 and scores[0] != scores[1]
    for weight in (2, "-1", "nan"):
        code, out, err = command(
            monkeypatch, capsys, "infer", run, "ta", "--language-weight", weight
        )
        assert code == 2 and "language_weight is" in err and len(err.splitlines()) == 1


def test_parts_together_share_no_piece_between_splits(monkeypatch):
    parts = {("a", "train"): "天", ("a", "test"): "地", ("b", "train"): "地人", ("b", "test"): "天"}
    found = {key: [("x", text) for text in texts] for key, texts in parts.items()}
    monkeypatch.setattr(dataset, "set_pairs", lambda *key: found.get(key, []))
    assert dataset.read_pairs(DataConfig(parts=("a", "b")), "train") == [("x", "人")]


def test_text_without_pieces_is_refused(tmp_path):
    (tmp_path / "own.txt").write_text("no Chinese 一 2 三\n")
    with pytest.raises(DataError, match="0 pieces of 2 to 32 Chinese characters"):
        dataset.own_pairs([str(tmp_path / "own.txt")])


def test_weights_out_of_range():
    with pytest.raises(UserError, match="decoding.language_weight is 1.5: .* at most 1"):
        Config(decoding=DecodingConfig(language_weight=1.5))
