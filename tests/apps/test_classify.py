"""Classification: network, pooling, bags of words, your own files, bad input."""

import itertools
import json
import runpy
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.classify import baselines, dataset
from apps.classify.config import Config, DataConfig, ModelConfig
from apps.classify.model import Classifier
from apps.classify.pipeline import Pipeline
from common.config import TokenizerConfig
from common.errors import UserError
from common.text import EOS, PAD, UNK, train_tokenizer
from data import DataError
from data.readers.labelled import Example

PLAIN = {"embedding_dropout": 0.0, "word_dropout": 0.0, "dropout": 0.0, "output_dropout": 0.0}
SMALL = ModelConfig(units=6, embedding_dim=5, **PLAIN)
TOKENS = tf.constant([[5, 9, 7, 6, 4, EOS], [8, 5, EOS, PAD, PAD, PAD], [EOS, *[PAD] * 5]])
LABELS = tf.constant([[2], [0], [1]])

VARIANTS = [
    {"pooling": ("last", "mean", "max", "attention")},
    {"pooling": ("last",), "bidirectional": False, "cell": "gru", "layers": 2},
    {"pooling": ("attention",), "cell": "peephole_lstm", "layers": 3},
    {"cell": "ctrnn"},
    {"kind": "cnn", "widths": (2, 3)},
]


@pytest.mark.parametrize("change", VARIANTS, ids=str)
def test_every_weight_learns_and_padding_is_inert(change):
    model = Classifier(replace(SMALL, **change), 12, 3)
    with tf.GradientTape() as tape:
        total, count, nll = model.token_losses((TOKENS, LABELS))
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 3 and total == nll > 0
    logits, weights = model(TOKENS)
    wide, wider_weights = model(tf.pad(TOKENS, [[0, 0], [0, 7]]))
    np.testing.assert_allclose(logits, wide, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(weights, wider_weights[:, :6], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(wider_weights[:, 6:], 0)
    for n, length in enumerate((6, 3, 1)):  # a text does not depend on its neighbours
        alone = model(TOKENS[n : n + 1, :length])[0]
        np.testing.assert_allclose(alone[0], logits[n], rtol=1e-4, atol=1e-6)


def test_poolings_are_what_their_names_say():
    model = Classifier(replace(SMALL, pooling=("mean", "max", "last", "attention")), 12, 3)
    mask = tf.not_equal(TOKENS, PAD)
    values, states = model.stack(model.embedding(TOKENS), mask=mask)
    pooled, weights = (np.asarray(part) for part in model.pool(values, mask))
    kernel, bias, vector = (np.asarray(v) for v in model.attention.weights)
    forward, _, backward, _ = states[-1]  # h and c of each direction
    for n, length in enumerate((6, 3, 1)):
        row = np.asarray(values[n, :length])
        score = np.exp(np.tanh(row @ kernel + bias) @ vector)[:, 0]
        share = score / score.sum()
        last = np.concatenate([forward[n], backward[n]])
        expected = np.concatenate([row.mean(0), row.max(0), last, share @ row])
        np.testing.assert_allclose(pooled[n], expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(weights[n, :length], share, rtol=1e-4)


def test_long_texts_keep_their_end_in_half_precision():
    """bfloat16 has no number between 258 and 260."""
    model = Classifier(replace(SMALL, pooling=("last",)), 12, 3)
    mask = tf.sequence_mask([259, 257], 259)
    steps = tf.range(259, dtype=tf.float32)[None, :, None]
    values = tf.cast(
        tf.tile(tf.where(steps == [[[256.0]], [[258.0]]], 0.0, 1.0), [1, 1, 2 * SMALL.units]),
        tf.bfloat16,
    )
    pooled, _ = model.pool(tf.reverse(values, [0]), mask)
    np.testing.assert_array_equal(tf.cast(pooled[:, : SMALL.units], tf.float32), 0.0)


def test_convolution_against_numpy():
    model = Classifier(replace(SMALL, kind="cnn", widths=(3,)), 12, 2)
    row = np.asarray(model.embedding(TOKENS[0]))
    kernel, bias = (np.asarray(v) for v in model.filters[0].weights)  # [3, dim, maps]
    padded = np.pad(row, [[1, 1], [0, 0]])
    windows = [np.tensordot(padded[t : t + 3], kernel, 2) + bias for t in range(len(row))]
    dense = [np.asarray(v) for v in model.output_layer.weights]
    expected = np.maximum(windows, 0).max(0) @ dense[0] + dense[1]
    np.testing.assert_allclose(model(TOKENS)[0][0], expected, rtol=1e-4, atol=1e-6)


def test_dropouts_and_smoothing_are_for_training_only():
    noisy = replace(
        SMALL,
        embedding_dropout=0.5,
        word_dropout=0.5,
        output_dropout=0.5,
        label_smoothing=0.2,
    )
    model = Classifier(noisy, 12, 3)
    trained = [[float(v) for v in model.token_losses((TOKENS, LABELS))] for _ in range(2)]
    assert trained[0] != trained[1] and trained[0][0] != trained[0][2]
    quiet = [float(v) for v in model.token_losses((TOKENS, LABELS), training=False)]
    assert quiet[0] == quiet[2]
    assert quiet == [float(v) for v in model.token_losses((TOKENS, LABELS), training=False)]
    log_p = tf.nn.log_softmax(model(TOKENS)[0])
    expected = -sum(log_p[n, label] for n, label in enumerate(LABELS[:, 0]))
    assert quiet[2] == pytest.approx(float(expected), rel=1e-5)


def test_whole_words_are_dropped_but_not_the_end():
    model = Classifier(replace(SMALL, word_dropout=0.999, pooling=("mean",)), 12, 3)
    hidden = tf.where(TOKENS > EOS, UNK, TOKENS)
    np.testing.assert_allclose(model(TOKENS, training=True)[0], model(hidden)[0], rtol=1e-5)


def test_half_precision_gives_nearly_the_same_probabilities():
    change = replace(SMALL, pooling=("max", "attention", "last"))
    plain = Classifier(change, 12, 3)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = Classifier(change, 12, 3)
        half.set_weights(plain.get_weights())
        logits, weights = half(TOKENS)
    finally:
        keras.config.set_dtype_policy("float32")
    assert logits.dtype == weights.dtype == tf.float32
    np.testing.assert_allclose(logits, plain(TOKENS)[0], atol=0.01)


# The order of words ------------------------------------------------------------------------------

THINGS = ("movie", "book", "play", "song", "film", "show")
PEOPLE = ("friend", "sister", "teacher", "neighbour", "brother", "boss")


def sentences(pairs):
    """Pairs of texts with the same words and different meanings."""
    good, bad = "the {} my {} has not seen is good", "the {} my {} has seen is not good"
    pairs = list(pairs)
    return [good.format(*p) for p in pairs] + [bad.format(*p) for p in pairs]


def test_a_bag_of_words_confuses_the_lectures_sentences():
    pair = [row.split() for row in sentences([("movie", "friend")])]
    words = sorted(set(pair[0]))
    rows = [np.array([4 + words.index(word) for word in row] + [EOS]) for row in pair]
    bags = baselines.features(rows, 1)
    random = np.random.default_rng(0)
    for _ in range(5):  # for any weights
        model = baselines.LogisticRegression(
            np.unique(np.concatenate(bags)), random.normal(size=[len(words), 2]), random.normal(2)
        )
        found = model(bags)
        np.testing.assert_array_equal(found[0], found[1])
    with_pairs = baselines.features(rows, 2)
    assert not np.array_equal(*with_pairs)


@pytest.mark.parametrize("change", [{}, {"cell": "gru", "pooling": ("last",)}], ids=str)
def test_a_recurrent_network_learns_to_tell_them_apart(change):
    keras.utils.set_random_seed(1)
    every = set(itertools.product(THINGS, PEOPLE))
    unseen = {pair for pair in every if "movie" in pair or "friend" in pair}
    # Both words of an unseen pair occur in other training sentences.
    texts = sentences(sorted(every - unseen)) + ["my friend has a movie"]
    numbers = [0] * 25 + [1] * 25 + [0]
    tokenizer = train_tokenizer(TokenizerConfig(kind="word", vocab_size=50), texts)
    config = Config(model=replace(SMALL, units=16, embedding_dim=16, **change))
    model = Classifier(config.model, tokenizer.vocab_size, 2)
    tokens = dataset.read(tokenizer, tf.constant(texts), 50).to_tensor(PAD)
    optimizer = keras.optimizers.Adam(0.02)

    @tf.function
    def update():
        with tf.GradientTape() as tape:
            loss = model.token_losses((tokens, tf.constant(numbers)[:, None]))[0] / len(texts)
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    optimizer.build(model.trainable_variables)
    for _ in range(40):
        update()
    pipeline = Pipeline(config, model, tokenizer, ["good", "not good"])
    found = pipeline(sentences(sorted(unseen)))
    assert [ranked[0][0] for ranked in found] == ["good"] * 11 + ["not good"] * 11
    assert min(ranked[0][1] for ranked in found) > 0.8


# Baselines ---------------------------------------------------------------------------------------


def test_logistic_regression_is_at_its_optimum():
    random = np.random.default_rng(0)
    rows = [np.append(random.integers(4, 14, random.integers(1, 9)), EOS) for _ in range(40)]
    numbers = random.integers(3, size=40)
    bags = baselines.features(rows, 1)
    model = baselines.LogisticRegression.fit(bags, numbers, 3, 2.0)
    x = np.zeros([40, 20])
    for n, row in enumerate(rows):
        x[n, row[:-1]] = 1  # twice in a text is once in its bag
    x = x[:, model.vocabulary]
    logits = x @ model.weights + model.bias
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(np.exp(model(bags)), p, rtol=1e-6)
    error = p - np.eye(3)[numbers]
    np.testing.assert_allclose(x.T @ error + 2.0 * model.weights, 0, atol=0.01)
    np.testing.assert_allclose(error.sum(0), 0, atol=0.01)
    unseen = model(baselines.features([np.array([19, EOS])], 1))[0]  # no known token
    np.testing.assert_allclose(unseen - unseen[0], model.bias - model.bias[0], rtol=1e-6)


def test_baselines_learn_what_they_can():
    random = np.random.default_rng(0)

    def part(count):  # the label is whether 4 precedes 5
        rows, numbers = [], random.integers(2, size=count)
        for number in numbers:
            noise = random.integers(6, 30, 3)
            rows.append(np.array([*noise[:2], *((4, 5) if number else (5, 4)), noise[2], EOS]))
        return rows, numbers

    train, checks, test = part(300), part(60), part(100)
    found = baselines.baselines(train, checks, test[0], 2)
    right = {name: np.mean(guesses == test[1]) for name, (guesses, _) in found.items()}
    assert right["bag_of_bigrams"] == 1 and right["bag_of_words"] < 0.7
    assert len(set(found["majority"][0])) == 1
    assert found["majority"][0][0] == np.bincount(train[1]).argmax()


# Reading -----------------------------------------------------------------------------------------


def test_long_texts_are_read_at_both_ends():
    tokenizer = train_tokenizer(TokenizerConfig(kind="char", vocab_size=50), ["abcdefgh"])
    texts = tf.constant(["abcdefgh", "", "abcd", "ab", b"a\xffb"])
    rows = dataset.read(tokenizer, texts, 5).to_list()
    back = ["".join(tokenizer.pieces(row)) for row in rows]
    assert back == ["abfgh</s>", "</s>", "abcd</s>", "ab</s>", "a<unk>b</s>"]


def test_held_out_texts_are_not_in_training():
    examples = [Example(f"text {n % 200}", "ab"[n % 2]) for n in range(400)]
    examples.append(Example("text of a rare kind 21", "c"))
    train, checks = dataset.held_out(examples)
    assert not {e.text for e in train} & {e.text for e in checks}
    assert len(checks) == 40
    assert {e.label for e in checks} <= {e.label for e in train}
    with pytest.raises(DataError, match="too few to hold any out"):
        dataset.held_out([Example(f"text {n}", f"label {n}") for n in range(10)])


def test_labels_are_those_of_training(tmp_path):
    examples = [Example("x", label) for label in ("no", "yes", "no", "it depends")]
    labels = dataset.make_labels(DataConfig(train="x.tsv"), examples, tmp_path)
    assert labels == ["it depends", "no", "yes"]
    assert dataset.make_labels(DataConfig(train="x.tsv"), examples[:1], tmp_path) == labels
    assert dataset.numbers(examples, labels) == [1, 2, 1, 0]
    with pytest.raises(DataError, match="no training example has the label 'never'.*it depends"):
        dataset.numbers([Example("x", "never"), examples[0]], labels)
    with pytest.raises(DataError, match="give at least two labels"):
        dataset.make_labels(DataConfig(train="x.tsv"), examples[:1], tmp_path / "other")


# Configuration and commands ----------------------------------------------------------------------


def test_settings_that_mean_nothing_are_refused():
    for change in (
        lambda: Config(data=DataConfig(max_length=1)),
        lambda: Config(data=DataConfig(limit=-1)),
        lambda: Config(model=ModelConfig(layers=0)),
        lambda: Config(model=ModelConfig(word_dropout=1.0)),
        lambda: Config(model=ModelConfig(pooling=())),
        lambda: Config(model=ModelConfig(pooling=("max", "max"))),
        lambda: Config(model=ModelConfig(kind="cnn", widths=())),
        lambda: Config(model=ModelConfig(kind="cnn", widths=(0,))),
        lambda: Config(tokenizer=TokenizerConfig(kind="bpe", subword_sampling=0.1)),
    ):
        with pytest.raises(UserError):
            change()


def run(monkeypatch, module, *arguments):
    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"apps.classify.{module}", run_name="__main__")
    return end.value.code


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run on your own JSON lines with attention, trained for two steps."""
    folder = tmp_path_factory.mktemp("own")
    pairs = itertools.product(THINGS, PEOPLE)
    rows = [{"says": text, "kind": n < 36} for n, text in enumerate(sentences(pairs))]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["tiny", "--run-dir", folder / "run", "--max-steps", 2, "--tokenizer.kind", "word"]
    arguments += ["--data.train", folder / "train.jsonl", "--data.text-field", "says"]
    arguments += ["--data.label-field", "kind", "--model.pooling", "attention", "max"]
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, "train", *arguments) == 0
    assert json.loads((folder / "run" / "labels.json").read_text()) == ["false", "true"]
    return folder / "run"


def test_own_files(run_folder, monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "evaluate", run_folder) == 2
    assert "--data.test" in capsys.readouterr().err
    table = tmp_path / "test.tsv"
    table.write_text("kind\tsays\nTrue\tx\ntrue\tthe song\nfalse\t\ntrue\ta\tb\n")
    assert run(monkeypatch, "evaluate", run_folder, "--file", table) == 2
    assert "no training example has the label 'True'" in capsys.readouterr().err
    table.write_text("kind\tsays\ntrue\tthe song is good\nfalse\tseen\nfalse\t\ntrue\ta\tb\n")
    assert run(monkeypatch, "evaluate", run_folder, "--file", table) == 0
    out, err = capsys.readouterr()
    result = json.loads(out.splitlines()[-1])
    assert result["texts"] == 2 and {"macro_f1", "bag_of_words", "majority"} <= result.keys()
    assert "1 empty (line 4), 1 wrong number of columns (line 5)" in err
    answers = (run_folder / "evaluation" / "file.tsv").read_text().splitlines()
    cells = [line.split("\t") for line in answers]
    assert cells[0] == ["text", "found", "right", "probability"] and len(cells) == 3
    assert (cells[1][0], cells[1][2]) == ("the song is good", "true")
    assert (run_folder / "evaluation" / "file.png").read_bytes().startswith(b"\x89PNG")
    assert run(monkeypatch, "evaluate", run_folder, "--file", table, "--no-baselines") == 0
    assert "majority" not in json.loads(capsys.readouterr().out.splitlines()[-1])


def test_infer_options(run_folder, monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "infer", run_folder, "it is good", "", "\udcff", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["text"] for row in rows] == ["it is good", "", "?"]
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert list(row["probabilities"]) in (["true", "false"], ["false", "true"])
    picture, lines = tmp_path / "map.png", tmp_path / "lines.txt"
    assert run(monkeypatch, "infer", run_folder, "it is good", "--attention", picture) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    label, probability = capsys.readouterr().out.split("\t")
    assert label in ("true", "false") and 0.5 <= float(probability) <= 1
    lines.write_text("one\n\nthree\n")
    assert run(monkeypatch, "infer", run_folder, "--file", lines) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run(monkeypatch, "infer", run_folder, "a", "b", "--attention", picture) == 2
    assert run(monkeypatch, "infer", run_folder, "a", "--file", lines) == 2


def test_a_run_without_attention_has_none_to_draw(run_folder, monkeypatch, capsys, tmp_path):
    config = json.loads((run_folder / "config.json").read_text())
    config["model"]["pooling"] = ["max"]
    for name in ("tokenizer.json", "tokenizer.vocab.txt", "labels.json"):
        (tmp_path / name).write_bytes((run_folder / name).read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert run(monkeypatch, "infer", tmp_path, "a", "--attention", tmp_path / "x.png") == 2
    assert "--model.pooling attention" in capsys.readouterr().err
