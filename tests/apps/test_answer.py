"""Question answering: sentence splitting, network, scores, your own files, bad input."""

import json
import re
import runpy
import shutil
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.answer import dataset, memory, scores
from apps.answer.config import Config, DataConfig, ModelConfig
from apps.answer.model import Answerer
from apps.answer.pipeline import Look
from apps.answer.source import read, split
from common.config import TokenizerConfig, TrainingConfig
from common.errors import UserError
from common.text import BOS, EOS, UNK, train_tokenizer
from data.readers.stories import Example

SMALL = ModelConfig(units=8, hops=2, oldest=5)
# Two stories of two and three sentences (the first is <s>), each with its question at the end.
TOKENS = tf.constant(
    [
        [BOS, EOS, 4, 5, 6, EOS, 7, 4, EOS, 0, 0, 0],
        [BOS, EOS, 8, 6, EOS, 4, 5, 6, EOS, 9, 5, EOS],
    ]
)
ANSWERS = tf.constant([[2], [0]])
VARIANTS = [
    {},
    {"cell": "lstm", "story_layers": 2},
    {"cell": "elman", "hops": 1},
    {"sentence": "position", "story_layers": 0},
    {"kind": "flat", "cell": "lstm"},
]

# Text --------------------------------------------------------------------------------------------


def test_sentences_of_a_text():
    texts = [
        "John went to the kitchen. Mary took 3.5 apples!  Where is John?",
        "He sat.\nShe stood\nWho sat",
        "小明去了厨房。小红在花园。谁在厨房？",
        "  . ?! ",
        "",
        "Where?? Who...",
    ]
    assert [[s.decode() for s in row] for row in split(tf.constant(texts)).to_list()] == [
        ["John went to the kitchen", "Mary took 3.5 apples", "Where is John"],
        ["He sat", "She stood", "Who sat"],
        ["小明去了厨房", "小红在花园", "谁在厨房"],
        [],
        [],
        ["Where", "Who"],
    ]


@pytest.fixture(scope="module")
def tokenizer():
    lines = ["John went to the kitchen", "Where is John"]
    return train_tokenizer(TokenizerConfig(kind="word", vocab_size=50, lowercase=True), lines)


def test_tokens_of_a_text(tokenizer):
    texts = ["A. John went. Where is John?", "", "☃ . ?"]
    source = read(tokenizer, tf.constant(texts), 1)
    john, went, where, be = tokenizer.tokenize(["john went where is"]).to_list()[0]
    assert source.tokens.to_list() == [
        [BOS, EOS, john, went, EOS, where, be, john, EOS],  # only the last sentence of the story
        [BOS, EOS, UNK, EOS],
        [BOS, EOS, UNK, EOS],
    ]
    assert source.empty.numpy().tolist() == [False, True, False]


# Network -----------------------------------------------------------------------------------------


def test_flat_rows_are_sentences_again():
    words, counts = memory.sentences(TOKENS)
    expected = [[BOS, 0, 0], [4, 5, 6], [7, 4, 0], [BOS, 0, 0], [8, 6, 0], [4, 5, 6], [9, 5, 0]]
    assert words.numpy().tolist() == expected and counts.numpy().tolist() == [3, 4]


@pytest.mark.parametrize("change", VARIANTS, ids=str)
def test_every_weight_learns_without_padding_or_neighbours(change):
    keras.utils.set_random_seed(2)
    model = Answerer(replace(SMALL, dropout=0.0, **change), 12, 3)
    with tf.GradientTape() as tape:
        total, count, nll = model.token_losses((TOKENS, ANSWERS))
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 2 and nll > 0
    logits, attention = model(TOKENS)
    wide, _ = model(tf.pad(TOKENS, [[0, 0], [0, 3]]))
    alone = [model(TOKENS[n : n + 1])[0][0] for n in range(2)]
    np.testing.assert_allclose(logits, wide, atol=1e-5)
    np.testing.assert_allclose(logits, alone, atol=1e-5)
    if attention is not None:
        assert attention.shape == (2, model.reader.config.hops, 3)
        np.testing.assert_allclose(tf.reduce_sum(attention, -1), 1, rtol=1e-5)
        assert attention.numpy()[0, :, 2].max() == 0 < attention.numpy()[0, :, :2].min()


def test_hops_are_the_equations():
    """The whole reader in numpy, without its recurrent parts."""
    model = Answerer(replace(SMALL, sentence="position", story_layers=0), 12, 3)
    table = model.reader.embedding.table.numpy() * np.sqrt(8) * memory.EMBEDDING_SCALE

    def vector(words):
        total = np.zeros(8)
        for j, word in enumerate(words, 1):
            for k in range(1, 9):
                weight = (1 - j / len(words)) - (k / 8) * (1 - 2 * j / len(words))
                total[k - 1] += weight * table[word][k - 1]
        return total

    facts = np.stack([vector(s) for s in ([BOS], [8, 6], [4, 5, 6])])
    key_ages, value_ages = (
        t.numpy()[[2, 1, 0]] for t in (model.reader.key_ages, model.reader.value_ages)
    )
    state = vector([9, 5])
    for keys, values, found in zip(
        model.reader.keys, model.reader.values, model(TOKENS)[1][1], strict=True
    ):
        scores = (facts @ keys.kernel.numpy() + key_ages) @ state / np.sqrt(8)
        weights = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(found, weights, rtol=1e-4)
        state = state + weights @ (facts @ values.kernel.numpy() + value_ages)
    expected = state @ model.classes.kernel.numpy() + model.classes.bias.numpy()
    np.testing.assert_allclose(model(TOKENS)[0][1], expected, rtol=1e-4, atol=1e-5)


def test_story_layers_are_the_equations():
    reader = Answerer(replace(SMALL, story_layers=2), 12, 3).reader
    vectors, question = tf.random.normal([1, 4, 8], seed=1), tf.random.normal([1, 8], seed=2)
    mask = tf.ones([1, 4], bool)
    asked = np.repeat(question[:, None], 4, 1)
    for story, merge in zip(reader.stories, reader.merges, strict=True):
        found, _ = story(tf.concat([vectors, asked, vectors * asked], -1))
        asked = found.numpy() @ merge.kernel.numpy() + merge.bias.numpy()
    facts = reader.read(vectors, question, mask)
    np.testing.assert_allclose(facts, vectors + asked, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layers", [0, 1])
def test_order_is_known_by_age_and_by_recurrence(layers):
    """Without ages and story layers the order of sentences is lost; either restores it."""
    model = Answerer(replace(SMALL, story_layers=layers), 12, 3)
    one = tf.constant([[BOS, EOS, 4, 5, EOS, 4, 6, EOS, 7, EOS]])
    other = tf.constant([[BOS, EOS, 4, 6, EOS, 4, 5, EOS, 7, EOS]])

    def differ():
        return np.abs(model(one)[0] - model(other)[0]).max() > 1e-4

    assert differ()
    for table in (model.reader.key_ages, model.reader.value_ages):
        table.assign(tf.zeros_like(table))
    assert differ() == (layers > 0)


def test_ages_count_back_and_noise_makes_older():
    reader = Answerer(replace(SMALL, oldest=4, time_noise=0.5), 12, 3).reader
    mask = tf.sequence_mask([6, 2], 6)
    assert reader.ages(mask).numpy().tolist() == [[3, 3, 3, 2, 1, 0], [1, 0, 0, 0, 0, 0]]
    drawn = np.stack([reader.ages(mask, training=True) for _ in range(50)])
    assert (drawn >= reader.ages(mask).numpy()).all()
    assert set(drawn[:, 1, 0]) == {1, 2} and (drawn[:, 1, 2:] == 0).all()


def test_half_precision_gives_nearly_the_same_loss():
    keras.utils.set_random_seed(1)
    full = Answerer(SMALL, 12, 3)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = Answerer(SMALL, 12, 3)
    finally:
        keras.config.set_dtype_policy("float32")
    for a, b in zip(half.trainable_variables, full.trainable_variables, strict=True):
        a.assign(b)
    losses = [m.token_losses((TOKENS, ANSWERS), training=False)[0] for m in (half, full)]
    assert float(losses[0]) == pytest.approx(float(losses[1]), rel=0.05)


# Scores ------------------------------------------------------------------------------------------

EXAMPLES = [
    Example(("a", "b", "c"), "q", "yes", "one", (1,)),
    Example(("a", "b", "c"), "q", "no", "one", (1, 3)),
    Example(("a", "b", "c"), "q", "no", "one", (2,)),
    Example(("a", "b"), "q", "kitchen", "two", (2,)),
]


def test_accuracy_of_each_kind():
    found = scores.by_kind(["yes", "no", "yes", "kitchen"], EXAMPLES)
    assert {label: round(score.value, 2) for label, score in found.items()} == {
        "accuracy": 75,
        "mean_over_kinds": 83.33,  # of 66.67 and 100
        "kinds_solved": 1,
        "one": 66.67,
        "two": 100,
    }
    asked = [Example((), "q", "", kind) for kind in ("one", "two", "three")]
    assert scores.majority(EXAMPLES, asked) == ["no", "kitchen", "no"]


def test_looked_at_support_knows_what_is_not_read():
    looks = [
        Look(["b", "c"], "q", [[0.6, 0.4]]),  # its support, sentence 1, is not read
        Look(["b", "c"], "q", [[0.6, 0.4], [0.4, 0.5]]),  # sentence 3, in the second hop
        Look(["b", "c"], "q", [[0.1, 0.9]]),  # not sentence 2
        Look(["a", "b"], "q", [[0.1, 0.9]]),
    ]
    found = scores.looked_at_support(looks, EXAMPLES)["looked_at_support"]
    assert found.value == pytest.approx(200 / 3) and found.signature.endswith("n:3")
    assert scores.looked_at_support(looks[:1], EXAMPLES[:1]) == {}


# Commands ----------------------------------------------------------------------------------------

OWN = """1 The cat went to the attic.
2 The dog went to the barn.
3 Where is the cat?\tattic\t1
4 Where is the dog?\tbarn\t2
"""
ROOMS = ("attic", "barn", "cave", "den")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """(run, file): trained on your own stories of cats and dogs until it answers them."""
    folder = tmp_path_factory.mktemp("own")
    pairs = [(a, b) for a in ROOMS for b in ROOMS if a != b] * 8
    text = "".join(OWN.replace("attic", a).replace("barn", b) for a, b in pairs)
    (folder / "own.txt").write_text(text + "bad line\n")
    command = "tiny --data.train {0}/own.txt --run-dir {0}/run --batching.batch-size 8 "
    command += "--training.epochs 5 --training.learning-rate 0.02 --model.dropout 0"
    assert call("train", *command.format(folder).split()) == 0
    return folder / "run", folder / "own.txt"


def call(name, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [name, *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            runpy.run_module(f"apps.answer.{name}", run_name="__main__")
    return end.value.code


def test_own_stories_are_learned_and_scored(own, capsys):
    run, file = own
    assert call("evaluate", run, "--file", file) == 0
    out, err = capsys.readouterr()
    result = json.loads(out.splitlines()[-1])
    assert result["questions"] == 192 and "1 without a number" in err
    assert result["accuracy"] >= 95 > 50 > result["majority_accuracy"]
    assert (
        result["where"] == result["accuracy"]
    )  # own questions are of the kind of their first word
    assert (run / "evaluation" / "file.png").stat().st_size > 5000
    assert call("evaluate", run) == 2 and "--data.test" in capsys.readouterr().err
    for name in ("foo", "limit"):
        assert call("evaluate", run, "--split", name) == 2
        assert f"no split '{name}': " in capsys.readouterr().err


def test_no_story_is_in_two_splits(tmp_path, capsys):
    """A repeated story is in training or validation, with all of its questions."""
    file = tmp_path / "own.txt"
    text = "".join(OWN.replace("attic", f"room {n % 20}") for n in range(40))
    file.write_text(text + "5 Who slept?\tnobody\nbad line\n")
    config = DataConfig(train=str(file))
    train, held = (dataset.read_examples(config, split) for split in ("train", "validation"))
    assert capsys.readouterr().err.count("1 without a number") == 1  # told once
    assert len(train) + len(held) == 81
    told = [{example.story for example in part} for part in (train, held)]
    assert [len(part) for part in told] == [18, 2] and not told[0] & told[1]
    assert dataset.read_examples(replace(config, limit=3), "train") == train[:3]
    assert len(dataset.read_examples(replace(config, validation=str(file)), "train")) == 81


def test_free_text_is_answered(own, tmp_path, capsys):
    run, _ = own
    text = "The dog went to the cave. The cat went to the den. Where is the dog?"
    assert call("infer", run, text, text.replace(". ", ".\n"), text.upper()) == 0
    assert capsys.readouterr().out.split() == ["cave"] * 3
    story = tmp_path / "story.txt"
    story.write_text("1 The dog went to the cave\n2 The cat went to the den\n3 Who?\tme\n")
    assert call("infer", run, "Where is the dog?", "Where is the cat", "--story", story) == 0
    assert capsys.readouterr().out.split() == ["cave", "den"]
    arguments = ["--json", "--n-best", "3", "--attention", tmp_path / "x.png"]
    assert call("infer", run, text, *arguments) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["sentences"] == ["The dog went to the cave", "The cat went to the den"]
    assert row["question"] == "Where is the dog" and row["answers"][0]["answer"] == "cave"
    assert np.shape(row["attention"]) == (2, 2) and np.max(np.sum(row["attention"], 1)) <= 1.0001
    assert (tmp_path / "x.png").stat().st_size > 5000
    ranked = [item["probability"] for item in row["answers"]]
    assert len(ranked) == 3 and ranked == sorted(ranked, reverse=True) and sum(ranked) <= 1.0001


def test_odd_questions_are_answered_with_a_note(own, tmp_path, capsys):
    run, _ = own
    texts = [
        "",
        "Where is the cat?",
        "The unicorn went to the barn.",
        "The dog slept. " * 101 + "Who?",
    ]
    assert call("infer", run, *texts) == 0
    out, err = capsys.readouterr()
    lines = out.split("\n")
    assert lines[0] == "" and all(line in ROOMS for line in lines[1:4]) and lines[4:] == [""]
    assert "in the training data: Who, slept, unicorn" in err and "no question in text: 1\n" in err
    assert "ends in a full stop, in text: 3\n" in err and "last 100 sentences" in err
    lines = tmp_path / "lines.txt"
    lines.write_text("Where is the cat?\n" * 513 + "\n")
    assert call("infer", run, "--file", lines) == 0
    assert capsys.readouterr().err == "note: no question in text: 514\n"


@pytest.mark.parametrize("text", ["Where is the cat?", "", "?!"])
def test_without_a_story_there_is_no_picture(own, tmp_path, capsys, text):
    assert call("infer", own[0], text, "--attention", tmp_path / "x.png") == 0
    assert "the text has no story" in capsys.readouterr().err and not (tmp_path / "x.png").exists()


def test_a_run_without_answers_is_refused_unharmed(own, tmp_path, capsys):
    shutil.copytree(own[0], tmp_path / "run")
    (tmp_path / "run" / "answers.json").unlink()
    assert call("infer", tmp_path / "run", "Where is the cat?") == 2
    err = capsys.readouterr().err
    assert "answers.json is missing" in err and len(err.splitlines()) == 1
    assert not (tmp_path / "run" / "answers.json").exists()


def test_what_cannot_be_is_one_clear_line(own, tmp_path, capsys):
    run, file = own
    one = tmp_path / "one.txt"
    one.write_text(OWN)
    for name, arguments, told in (
        ("infer", [run, "a", "b", "--attention", "x.png"], "one text"),
        ("infer", [run, "a", "--file", "b"], "one of them"),
        ("infer", [run, "a", "--story", tmp_path / "no"], "no file"),
        ("infer", [run, "a", "--n-best", "0"], "at least 1"),
        (
            "train",
            ["tiny", "--data.train", one, "--run-dir", tmp_path / "r"],
            "one usable story",
        ),
        ("train", ["tiny", "--model.units", "7"], "even"),
        ("train", ["tiny", "--model.hops", "0"], "at least 1"),
    ):
        assert call(name, *arguments) == 2
        err = capsys.readouterr().err
        assert re.search(told, err) and len(err.splitlines()) == 1, err


def test_the_flat_reader_has_no_attention(own, tmp_path, capsys):
    run, file = tmp_path / "run", own[1]
    command = f"tiny --data.train {file} --run-dir {run} --max-steps 1 --model.kind flat"
    assert call("train", *command.split()) == 0
    assert call("infer", run, "Where is the cat?", "--json") == 0
    assert "attention" not in json.loads(capsys.readouterr().out.splitlines()[-1])
    assert call("infer", run, "Where is the cat?", "--n-best", "2", "--attention", "x.png") == 2
    out, err = capsys.readouterr()
    assert "memory" in err and all("\t" in line for line in out.splitlines())
    assert call("evaluate", run, "--split", "validation") == 0
    assert "looked_at_support" not in json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_answers_of_a_run_are_checked(tmp_path):
    assert dataset.make_answers(EXAMPLES, tmp_path) == ["no", "kitchen", "yes"]
    assert dataset.make_answers([], tmp_path) == ["no", "kitchen", "yes"]
    (tmp_path / "answers.json").write_text("[1")
    with pytest.raises(UserError, match="damaged"):
        dataset.make_answers([], tmp_path)
    with pytest.raises(UserError, match="model.units must be even"):
        Config(model=replace(SMALL, units=7))
    jit = TrainingConfig(jit=True)
    with pytest.raises(UserError, match="training.jit"):
        Config(model=SMALL, training=jit)
    Config(model=replace(SMALL, kind="flat"), training=jit)
    for variant in VARIANTS:
        Config(model=replace(SMALL, **variant))
