"""Tagging: network, context and spelling, reading, scores, bad input."""

import json
import runpy
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.tag import dataset, pipeline, scores
from apps.tag.config import Config, DataConfig, ModelConfig
from apps.tag.model import Tagger
from common.batches import Batch
from common.config import TokenizerConfig, TrainingConfig
from common.errors import UserError
from common.text import PAD, UNK
from data import DataError
from data.readers.tagged_text import Sentence, written

SMALL = ModelConfig(units=6, embedding_dim=5, character_dim=4, character_units=3)
WORDS = tf.constant([[4, 5, 4], [6, PAD, PAD]])
CHARACTERS = tf.constant([[2, 3, 0, 0], [2, 4, 3, 0], [2, 5, 3, 0], [2, 4, 5, 3]])
ROWS = tf.constant([[1, 2, 1], [3, 0, 0]])
TAGS = tf.constant([[0, 2, 1], [1, 0, 0]])
BATCH = WORDS, CHARACTERS, ROWS, TAGS

VARIANTS = [
    {},
    {"crf": True},
    {"cell": "gru", "layers": 2},
    {"character_units": 0, "word_dropout": 0.0},
    {"cell": "peephole_lstm", "crf": True},
]


def made(**changes):
    return Tagger(replace(SMALL, **changes), 7, 6, 3)


@pytest.mark.parametrize("change", VARIANTS, ids=str)
def test_every_weight_learns_and_padding_is_inert(change):
    model = made(**change)
    with tf.GradientTape() as tape:
        total, count, nll = model.token_losses(BATCH, 0.5, training=True)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 4 and nll > 0
    plain = [float(v) for v in model.token_losses(BATCH, training=False)]
    right = [[0, 0], [0, 2]]
    wide = [tf.pad(array, right) for array in BATCH]
    np.testing.assert_allclose(plain, model.token_losses(wide, training=False), rtol=1e-5)
    alone = [
        model.token_losses((WORDS[n : n + 1], CHARACTERS, ROWS[n : n + 1], TAGS[n : n + 1]),
                           training=False) for n in range(2)
    ]  # fmt: skip
    np.testing.assert_allclose(plain, np.sum(alone, 0), rtol=1e-5)


def test_a_crf_of_zero_weights_is_a_softmax():
    plain, crf = made(), made(crf=True)
    crf.set_weights(plain.get_weights() + [np.zeros(w.shape) for w in crf.crf.weights])
    one, two = (float(m.token_losses(BATCH, training=False)[0]) for m in (plain, crf))
    assert one == pytest.approx(two, rel=1e-5)
    (tags, shares), (same, also) = plain.tag(BATCH[:3]), crf.tag(BATCH[:3])
    mask = WORDS != PAD
    np.testing.assert_array_equal(tags[mask], same[mask])
    np.testing.assert_allclose(shares[mask], also[mask], rtol=1e-4)


def test_word_dropout_hides_words_in_training_only():
    model = made(word_dropout=1.0)
    np.testing.assert_array_equal(model.drop_words(WORDS), [[UNK] * 3, [UNK, PAD, PAD]])
    losses = [float(model.token_losses(BATCH, training=False)[0]) for _ in range(2)]
    assert losses[0] == losses[1]


# A small language ---------------------------------------------------------------------------------
# 打 is a verb after 我 and a measure word after 一; words ending in 子 are nouns, in 了 verbs.


def cases(random, count, letters="甲乙丙丁戊己庚辛"):
    def made_up(end):
        return "".join(random.choice(list(letters), 3)) + end

    found = []
    for _ in range(count):
        parts = [[("我", "r"), ("打", "v")], [("一", "m"), ("打", "q")],
                 [(made_up("子"), "n")], [(made_up("了"), "v")]]  # fmt: skip
        pairs = [pair for n in random.permutation(4) for pair in parts[n]]
        words, tags = zip(*pairs, strict=True)
        found.append(Sentence(words, tags, written(words)))
    return found


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    """A pipeline trained on the small language. (The runs of test_apps.py have a softmax.)"""
    keras.utils.set_random_seed(1)
    config = Config(
        data=DataConfig(cutting="lexicon"),
        words=TokenizerConfig("space", min_count=20),
        model=ModelConfig(units=12, embedding_dim=8, character_dim=8, character_units=8,
                          embedding_dropout=0, dropout=0, crf=True),
    )  # fmt: skip
    sentences = cases(np.random.default_rng(1), 256)
    reader = dataset.make_reader(config, sentences, tmp_path_factory.mktemp("run"))
    model = Tagger(config.model, *reader.sizes)
    batches = dataset.TaggedBatches(config, reader, sentences)
    optimizer, variables = keras.optimizers.Adam(2e-2), model.trainable_variables

    @tf.function(input_signature=[batches.signature])
    def update(arrays):
        with tf.GradientTape() as tape:
            loss, count, _ = model.token_losses(arrays)
            loss /= count
        gradients = tape.gradient(loss, [v.value for v in variables])
        optimizer.apply([tf.convert_to_tensor(g) for g in gradients], variables)

    for epoch in range(6):
        for numbers in batches.order(epoch):
            update(batches.arrays(numbers))
    tagger = pipeline.Pipeline(model, reader)
    tagger.config = config
    return tagger


def test_context_and_spelling_are_learned(tagger):
    """Unseen words get their tag from the last character, 打 from the word before it."""
    unseen = cases(np.random.default_rng(2), 50)
    found = tagger.of_words([sentence.words for sentence in unseen])
    assert [tuple(one.tags) for one in found] == [sentence.tags for sentence in unseen]
    assert all(0.5 < p <= 1.0001 for one in found for p in one.probabilities)


def test_the_batches_read_what_the_pipeline_reads(tagger):
    """Emissions of a training batch equal those of the same words as text."""
    sentences = cases(np.random.default_rng(3), 5)
    batches = dataset.TaggedBatches(tagger.config, tagger.reader, sentences)
    *inputs, tags = batches.arrays(Batch(0, range(5)))
    labels, shares = tagger.model.tag(inputs)
    found = tagger.of_words([sentence.words for sentence in sentences])
    for n, sentence in enumerate(sentences):
        named = [tagger.reader.tags[tag] for tag in labels[n, : len(sentence.words)]]
        assert named == found[n].tags
        np.testing.assert_allclose(
            shares[n, : len(named)], found[n].probabilities, rtol=1e-4, atol=1e-5
        )
        assert [tagger.reader.tags[tag] for tag in tags[n, : len(named)]] == list(sentence.tags)


def test_order_and_batching_do_not_matter(tagger):
    texts = ["我打", "", "一打甲乙丙子，我打丁丁丁了", "打"]
    for text, found in zip(texts, tagger(texts), strict=True):
        [alone] = tagger([text])
        assert alone[:2] == found[:2]
        np.testing.assert_allclose(alone.probabilities, found.probabilities, atol=1e-5)


def test_odd_input_never_fails(tagger):
    odd = [
        "",
        "  ",
        "\x00\t",
        "...!?",
        "word/s",
        "漢字かな",
        "x" * 3000,
        "\ud800",
        "<unk>",
        "我" * 99,
    ]
    found = tagger(odd)
    assert [one.words for one in found[:3]] == [[], [], []] and str(found[0]) == ""
    assert ["".join(one.words) for one in found[3:7]] == odd[3:7]
    assert tagger([]) == []


def test_words_that_are_given_stay_whole(tagger):
    [found] = tagger(["我打 一"], spaced=True)
    assert found.words == ["我打", "一"] and len(found.tags) == 2
    [found] = tagger.of_words([["a b", "\ufeff", ""]])
    assert len(found.tags) == 3


def test_vocabularies_know_case_width_and_digits_apart(tmp_path):
    sentences = [Sentence(("Ｉ", "saw", "１９９８年"), ("r", "v", "t"), "")] * 2
    config = Config()
    reader = dataset.make_reader(config, sentences, tmp_path)
    words, characters = reader.read(tf.constant(["i", "SAW", "2026年", "other", "x" * 50, "I"]))
    assert UNK not in words[:3] and (words[3:5].numpy() == UNK).all()
    assert characters.shape[1] == 2 + config.model.max_characters
    assert words[5] == words[0] and characters[5, 1] != characters[0, 1]
    again = dataset.make_reader(config, [], tmp_path)  # loaded, not learned
    assert again.sizes == reader.sizes and again.tags == ("r", "t", "v")


# Scores -------------------------------------------------------------------------------------------


def test_scores():
    words, references = [["a", "b"], ["new"]], [["N", "V"], ["N"]]
    told = scores.of_tags([["N", "N"], ["N"]], references, words, {"a", "b"})
    values = {name: round(score.value, 1) for name, score in told.items()}
    assert values == {"accuracy": 66.7, "accuracy_known": 50, "accuracy_unknown": 100,
                      "sentence_accuracy": 50, "macro_f1": 40}  # fmt: skip
    assert set(scores.of_tags(references, references, words, None)) == {"accuracy", "sentence_accuracy", "macro_f1"}  # fmt: skip # noqa: E501
    lines = scores.table([["N", "N"], ["N"]], references).splitlines()
    assert lines[1:] == ["N\t2\t3\t2\t80.0\t", "V\t1\t0\t0\t0.0\tN 1"]


def test_scores_of_raw_text():
    references = [Sentence(("我", "爱", "购物"), ("r", "v", "n"), "我爱购物")]
    found = [pipeline.Tagged(["我爱", "购物"], ["v", "v"], [])]
    told = {name: score.value for name, score in scores.of_raw_text(found, references).items()}
    assert told == {"cutting_f1": 40, "raw_f1": 0}
    found = [pipeline.Tagged(["我", "爱", "购物"], ["r", "v", "v"], [])]
    assert scores.of_raw_text(found, references)["raw_f1"].value == pytest.approx(200 / 3)


# Your own files and commands ------------------------------------------------------------------


def test_own_files_are_split_and_checked(tmp_path, capsys):
    path = tmp_path / "train.txt"
    path.write_text("".join(f"w{n}/A b/B\n" for n in range(20)) * 2 + "broken\n")
    config = DataConfig(train=str(path))
    train, held = (dataset.read_sentences(config, s) for s in ("train", "validation"))
    assert len(train) == 36 and len(held) == 4 and not {*train} & {*held}
    assert "1 of 41 lines left out: 1 without a tag (line 41)" in capsys.readouterr().err
    assert len(dataset.read_sentences(replace(config, limit=3), "train")) == 3
    with pytest.raises(DataError, match="no test file"):
        dataset.read_sentences(config, "test")
    path.write_text("a/A\n")
    with pytest.raises(DataError, match="one usable sentence"):
        dataset.read_sentences(config, "train")


def test_long_sentences_are_left_out_of_training(tagger, capsys):
    sentences = cases(np.random.default_rng(4), 3)
    sentences[1] = Sentence(sentences[1].words * 9, sentences[1].tags * 9, "")
    config = tagger.config
    batches = dataset.TaggedBatches(config, tagger.reader, sentences, longest=20)
    assert len(batches.columns[0]) == 2 and "1 of 3" in capsys.readouterr().out
    assert len(dataset.TaggedBatches(config, tagger.reader, sentences).columns[0]) == 3


def test_tags_that_training_lacks(capsys):
    sentences = [Sentence(("a",), ("A",), "a"), Sentence(("a",), ("Z",), "a")]
    assert dataset.known_tags(sentences, ["A"]) == sentences[:1]
    assert "training has no tag Z" in capsys.readouterr().out
    with pytest.raises(DataError, match="--data.column"):
        dataset.known_tags(sentences, ["B"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": TokenizerConfig("bpe")},
        {"data": DataConfig(max_length=0)},
        {"model": ModelConfig(max_characters=1)},
        {"training": TrainingConfig(jit=True)},
    ],
    ids=str,
)
def test_wrong_settings(wrong):
    with pytest.raises(UserError):
        Config(**wrong)


def test_own_words_from_training_to_scores(tmp_path, monkeypatch, capsys):
    """Trains on your own CoNLL-U, then evaluate --file and infer --json, all as commands."""

    def command(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            runpy.run_module(f"apps.tag.{name}", run_name="__main__")
        assert end.value.code == 0, capsys.readouterr().err
        return capsys.readouterr()

    train, run = tmp_path / "train.conllu", tmp_path / "run"
    rows = [("The", "DET"), ("seal", "NOUN"), ("barks", "VERB"), (".", "PUNCT")]
    lines = [f"{n}\t{w}\t_\t{t}\tX\t_\t_\t_\t_\t_" for n, (w, t) in enumerate(rows, 1)]
    text = "\n".join(lines) + "\n\n"
    train.write_text(text * 36 + text.replace("seal", "dog") * 4)  # for validation
    command("train", "tiny", "--run-dir", run, "--data.train", train, "--training.epochs", 12,
            "--training.learning-rate", 0.02)  # fmt: skip
    assert not (run / "lexicon.model").exists()  # English is split at punctuation
    test = tmp_path / "test.txt"
    test.write_text("The/DET seal/NOUN barks/VERB ./SYM\n")
    result = json.loads(command("evaluate", run, "--file", test).out.splitlines()[-1])
    assert result["accuracy"] == 75 and result["hmm_accuracy"] == 75
    assert result["cutting_f1"] == 100
    assert (run / "evaluation" / "file-confusion.png").stat().st_size > 0
    assert "SYM\t1\t0\t0\t0.0\tPUNCT 1" in (run / "evaluation" / "file-tags.tsv").read_text()
    train.unlink()  # scores of the network need only the run folder
    told = command("evaluate", run, "--file", test)
    assert "no baselines" in told.err and "hmm" not in told.out
    row = json.loads(command("infer", run, "--json", "The seal barks.").out)
    assert row["words"] == ["The", "seal", "barks", "."] and len(row["probabilities"]) == 4
    assert row["tags"] == ["DET", "NOUN", "VERB", "PUNCT"]
