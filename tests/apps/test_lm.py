"""Language model: streams and scores agree, forms hold, bad input is refused, your own files."""

import itertools
import json
import math
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from apps.lm import adapt, dataset, forms, infer, pictures, pipeline
from apps.lm.config import PRESETS, Config, DataConfig, ModelConfig, StreamConfig
from apps.lm.model import LanguageModel
from apps.lm.text import Text
from common.batches import Streams, encode
from common.config import TokenizerConfig
from common.decoding.automaton import AutomatonBuilder
from common.errors import UserError
from common.text import EOS, PAD, UNK, train_tokenizer
from data import DataError

SMALL = ModelConfig(layers=1, units=8, embedding_dim=8)
LINES = [
    "The light was good. The day was long!",
    "And the night? It was dark, and the people slept.",
    "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
    "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
    "",
] * 4


@pytest.fixture(scope="module", autouse=True)
def seed():
    """Only once: setting it again would clear the resources of tokenizers in use."""
    tf.keras.utils.set_random_seed(3)


def make(kind, model=SMALL, **more):
    tokenizer = train_tokenizer(TokenizerConfig(kind=kind, vocab_size=90), LINES)
    config = Config(model=model, **more)
    network = LanguageModel(model, tokenizer.vocab_size)
    return pipeline.Pipeline(config, network, tokenizer)


@pytest.fixture(scope="module")
def characters():
    return make("char")


@pytest.fixture(scope="module")
def subwords():
    return make("bpe")


# Model -------------------------------------------------------------------------------------------

VARIANTS = [
    {},
    {"cell": "gru", "layers": 2, "tie": False, "residual_from": 2},
    {"units": 12, "layers": 2, "activation_penalty": 2.0, "temporal_penalty": 1.0},
    {"cell": "elman", "token_dropout": 0.2, "input_dropout": 0.0},
    {"cell": "peephole_lstm", "recurrent_dropout": 0.2},
]


@pytest.mark.parametrize("change", VARIANTS, ids=str)
def test_every_weight_learns_and_padding_is_inert(change):
    model = LanguageModel(replace(SMALL, **change), 12)
    labels = tf.constant([[5, 6, 7, 8, EOS], [8, EOS, PAD, PAD, PAD]])
    inputs = tf.constant([[EOS, 5, 6, 7, 8], [EOS, 8, 9, 4, 4]])
    with tf.GradientTape() as tape:
        total, count, nll, _ = model.token_losses((inputs, labels), training=True)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 7 and nll > 0
    plain = model.token_losses((inputs, labels), training=False)[2]
    model.static_shapes = True
    np.testing.assert_allclose(
        plain, model.token_losses((inputs, labels), training=False)[2], rtol=1e-6
    )
    other = tf.where(labels == PAD, 11, inputs)
    np.testing.assert_allclose(
        plain, model.token_losses((other, labels), training=False)[2], rtol=1e-6
    )


def test_penalties_are_their_formulas():
    config = replace(SMALL, input_dropout=0.0, output_dropout=0.0)
    model = LanguageModel(config, 12)
    arrays = tf.constant([[EOS, 5, 6]]), tf.constant([[5, 6, EOS]])
    hidden = model(arrays[0])[0].numpy()
    plain = float(model.token_losses(arrays)[0])
    model.config = replace(config, activation_penalty=2.0)
    np.testing.assert_allclose(
        float(model.token_losses(arrays)[0]) - plain, 3 * 2 * (hidden**2).mean(), rtol=1e-4
    )
    model.config = replace(config, temporal_penalty=3.0)
    change = hidden[:, 1:] - hidden[:, :-1]
    np.testing.assert_allclose(
        float(model.token_losses(arrays)[0]) - plain, 3 * 3 * (change**2).mean(), rtol=1e-4
    )


def test_a_stream_of_one_row_is_trainable():
    """In a graph, broadcasting treats a batch of one row as an unknown size."""
    model, streams = LanguageModel(SMALL, 12), Streams(np.arange(4, 12), 5, 8)
    assert streams.batch_size == 1
    state = model.zero_state(1)
    run = tf.function(
        lambda arrays: model.token_losses(arrays, state=state), input_signature=[streams.signature]
    )
    assert float(run(streams.arrays(streams.order(0)[0]))[1]) == 8


def test_recurrent_dropout_is_of_weights_and_of_training():
    model = LanguageModel(
        replace(SMALL, input_dropout=0.0, hidden_dropout=0.0, recurrent_dropout=0.5), 12
    )
    tokens = tf.constant([[5, 6, 7, 8]])
    plain, again = model(tokens)[0], model(tokens)[0]
    np.testing.assert_array_equal(plain, again)
    dropped = model(tokens, training=True)[0]
    np.testing.assert_allclose(dropped[:, 0], plain[:, 0], atol=1e-6)  # no recurrence yet
    assert np.abs(dropped[:, 1:] - plain[:, 1:]).max() > 1e-3


def test_dropout_masks_are_locked_in_time():
    model = LanguageModel(replace(SMALL, input_dropout=0.5), 12)
    embedded = model.embed(tf.fill([3, 20], 7), training=True).numpy()
    assert (embedded == embedded[:, :1]).all()
    assert 0 < (embedded == 0).mean() < 1
    assert (embedded[0, 0] != embedded[1, 0]).any()
    model = LanguageModel(replace(SMALL, input_dropout=0.0, token_dropout=0.5), 200)
    embedded = model.embed(tf.constant([list(range(200)) * 2]), training=True).numpy()[0]
    zero = (embedded == 0).all(-1)
    assert (zero[:200] == zero[200:]).all() and 60 < zero[:200].sum() < 140


def test_one_likelihood_by_all_ways(subwords):
    """A stream of any length, the score of the text, and decoding steps give the same nll."""
    lines = LINES[:3]
    tokens = encode(subwords.tokenizer.tokenize, lines)
    nll, count = subwords.nll(tokens)
    scored = subwords.scores(["\n".join(lines)])[0]
    assert count == len(scored.tokens)
    np.testing.assert_allclose(-scored.total, nll, rtol=1e-5)
    flat, step = tokens.flat, subwords.model.step
    state, total = subwords.model.zero_state(1), 0.0
    for before, after in zip([EOS, *flat[:-1]], flat, strict=True):
        logits, state = step(tf.constant([before]), state)
        total -= float(tf.nn.log_softmax(logits)[0, after])
    np.testing.assert_allclose(total, nll, rtol=1e-4)
    np.testing.assert_allclose(adapt.outputs(subwords.model, tokens)[2].sum(), nll, rtol=1e-5)


def test_scores_do_not_depend_on_the_batch(characters):
    texts = ["The day", "", "It was dark, and", "The day"]
    together = characters.scores(texts)
    for text, found in zip(texts, together, strict=True):
        alone = characters.scores([text])[0]
        assert alone.tokens == found.tokens
        np.testing.assert_allclose(alone.log_probs, found.log_probs, atol=1e-5)


def test_lines_mode_is_the_sum_over_lines(subwords):
    config = replace(subwords.config, streams=StreamConfig(mode="lines", batch_size=2))
    by_line = pipeline.Pipeline(config, subwords.model, subwords.tokenizer)
    nll, count = by_line.nll(encode(subwords.tokenizer.tokenize, LINES[:5]))
    scored = [s for s in subwords.scores(LINES[:5]) if s.text]  # an empty line is not scored
    np.testing.assert_allclose(nll, -sum(s.total for s in scored), rtol=1e-5)
    assert count == sum(len(s.tokens) for s in scored)


# Text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["char", "bpe", "word"])
def test_texts_of_lines_come_back(kind):
    text = Text(train_tokenizer(TokenizerConfig(kind=kind, vocab_size=90), LINES))
    texts = ["The light was good.\nThe day", "", "long!", "The\n\nday", "\nIt"]
    tokens = text.encode(tf.constant(texts))
    assert [s.decode() for s in text.decode(tokens).numpy()] == texts
    closed = tf.concat([tokens, tf.fill([len(texts), 1], EOS)], 1)
    assert [s.decode() for s in text.decode(closed).numpy()] == texts
    assert text.decode(text.encode(tf.constant(["", ""]))).numpy().tolist() == [b"", b""]


def test_prompts_stay_as_typed_and_rows_independent(subwords):
    prompts = ["The ☃ light", "", "And the", "The ☃ light"]
    found = subwords.write(prompts, 5, temperature=1.0, lines=0, max_length=12)
    assert all(f.startswith(p) and len(f) > len(p) for f, p in zip(found, prompts, strict=True))
    assert found[0] == found[3] and found[2:3] == subwords.write(
        ["And the"], 5, temperature=1.0, lines=0, max_length=12
    )
    assert found != subwords.write(prompts, 6, temperature=1.0, lines=0, max_length=12)
    assert "⁇" not in "".join(found)


def test_settings_out_of_range_are_one_line(characters):
    for options in (
        {"top_k": -1},
        {"top_p": 0.0},
        {"temperature": -1.0},
        {"temperature": math.nan},
    ):
        with pytest.raises(UserError) as error:
            characters.write(["It"], **options)
        assert len(str(error.value).splitlines()) == 1


def test_lines(characters):
    one = characters.write(["It"], 2, lines=1, max_length=60, temperature=1.0)
    assert "\n" not in one[0]
    three = characters.write(["It"], 2, lines=3, max_length=500, temperature=1.0)
    assert three[0].count("\n") == 2


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_probabilities_and_lengths_are_of_what_is_shown(characters, lines):
    texts, log_probs, lengths = characters.generate(
        tf.fill([8], ""), tf.range(8), max_length=600, lines=lines
    )
    scored = characters.scores([text.decode() for text in texts.numpy()])
    # Spaces at the ends of lines are dropped.
    same = [n for n in range(8) if len(scored[n].tokens) == lengths[n]]
    assert len(same) > 3
    for n in same:
        np.testing.assert_allclose(log_probs[n], scored[n].total, rtol=1e-4)


@pytest.mark.parametrize("most", [0, -3])
def test_where_nothing_may_be_written_nothing_is_certain(characters, most):
    texts, log_probs, lengths = characters.generate(
        ["It", ""], [1, 2], max_length=tf.constant(most)
    )
    assert texts.numpy().tolist() == [b"It", b""]
    assert log_probs.numpy().tolist() == [0, 0] == lengths.numpy().tolist()


@pytest.mark.parametrize("lines", [1, 2])
def test_the_best_sample_is_most_probable_by_token(characters, lines):
    prompts = ["It", "The"]
    seeds = 2 + pipeline.BETWEEN * tf.range(5)
    for prompt, best in zip(
        prompts, characters.write(prompts, 2, best_of=5, lines=lines, temperature=1.0), strict=True
    ):
        texts, log_probs, lengths = characters.generate(
            tf.fill([5], prompt), seeds, max_length=characters.config.writing.max_tokens,
            lines=lines, top_k=characters.config.writing.top_k,
            top_p=characters.config.writing.top_p,
        )  # fmt: skip
        mean = log_probs.numpy() / lengths.numpy()
        assert len(set(mean)) == 5 and best == texts.numpy()[mean.argmax()].decode()


# Forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "length, options", [(5, {"temperature": 1e30}), (7, {"temperature": 0.0}), (7, {"top_p": 0.01})]
)
def test_poems_obey_their_form(characters, length, options):
    form = forms.quatrain(characters.tokenizer, length, "春花", "春夜月明")
    poems = characters.write([""] * 8, range(8), form=form, no_repeat_ngram=1, **options)
    han = f"[\u4e00-\u9fff]{{{length - 1}}}"
    pattern = f"春花[\u4e00-\u9fff]{{{length - 2}}}，夜{han}。月{han}，明{han}。"
    assert all(re.fullmatch(pattern, poem) for poem in poems), poems


def test_forms_that_cannot_be(characters, subwords):
    for arguments, told in (
        ((5, "", "春夏秋冬"), "夏 秋 冬"),
        ((5, "", "春夜"), "four"),
        ((5, "花", "春夜月明"), "line 1"),
        ((5, "春" * 21), "21"),
        ((5, "", "abcd"), "never seen a b"),
    ):
        with pytest.raises(UserError, match=told):
            forms.quatrain(characters.tokenizer, *arguments)
    english = train_tokenizer(TokenizerConfig(kind="char"), ["plain text, only"])
    with pytest.raises(UserError, match="quatrains"):
        forms.quatrain(english, 5)
    for text, told in (
        ("no slots", "no slots"),
        ("a {x} and {", "stray"),
        ("the {x}{y}", "between"),
        ("the {x} {y}", "between"),
        ("{x:3-2} was", "1 to 50"),
        ("{x:0} was", "1 to 50"),
        ("☃ {x} was", "☃"),
    ):
        with pytest.raises(UserError, match=told):
            forms.template(subwords.tokenizer, text)


@pytest.mark.parametrize("kind", ["bpe", "word", "char"])
def test_templates_are_filled_within_their_limits(kind):
    writer = make(kind)
    form = forms.template(writer.tokenizer, "The {what} was {how:2}, and {who:1-4}")
    size = r"[\w'’-]" if kind != "char" else r"[\w '’-]"
    word = f"{size}+" if kind != "char" else size
    gap = " ?" if kind != "char" else ""  # none between Chinese characters, nor after a glued piece
    texts = writer.write([""] * 12, range(12), form=form, temperature=2.0)
    what = f"({word}{gap}){{1,3}}"
    pattern = f"The ?{what} ?was ?({word}{gap}){{2}}[,，] ?and ?({word}{gap}){{1,4}}"
    assert len(set(texts)) > 6
    for text in texts:
        assert re.fullmatch(pattern, text), text


def test_words_of_a_template_are_counted():
    writer = make("word")
    form = forms.template(writer.tokenizer, "The {x:2-3} was long!")
    for text in writer.write([""] * 12, range(12), form=form, temperature=3.0):
        inside = re.fullmatch(r"The (.*) was long!", text)[1]
        words = writer.tokenizer.tokenize(tf.constant([inside])).numpy()[0]
        assert 2 <= len(words) <= 3 and UNK not in words


def test_the_likeliest_text_of_a_form(characters):
    """A form with two places of two characters each, compared with all of its texts."""
    tokenizer = characters.tokenizer
    builder, ids = AutomatonBuilder(tokenizer.vocab_size), tokenizer.tokenize(["aeI"]).numpy()[0]
    for _ in range(2):
        builder.one_of(np.isin(np.arange(tokenizer.vocab_size), ids))
    builder.literal(EOS)
    every = ["".join(pair) for pair in itertools.product("aeI", repeat=2)]
    ranked = sorted(characters.scores(every), key=lambda scored: -scored.total)
    found = characters.likeliest(builder.build(), number=4)
    assert found == [scored.text for scored in ranked[:4]]


# Adaptation ---------------------------------------------------------------------------------------


def test_the_cache_is_its_formula():
    random = np.random.default_rng(0)
    hidden, labels = random.normal(size=[60, 4]).astype(np.float32), random.integers(4, 8, 60)
    found = adapt.cache_probabilities(hidden, labels, 0.7, window=10)
    assert found[0] == 0
    for t in (1, 5, 59):
        past = range(max(0, t - 10), t)
        weights = np.exp([0.7 * hidden[t] @ hidden[i] for i in past])
        same = np.array([labels[i] == labels[t] for i in past])
        np.testing.assert_allclose(found[t], (weights * same).sum() / weights.sum(), rtol=1e-4)
    nll = np.array([1.0, 2.0])
    wanted = 1.0 - math.log(0.8 * math.exp(-2) + 0.2 * 0.5)
    np.testing.assert_allclose(adapt.mixed_nll(nll, np.array([0, 0.5]), 0.2), wanted)


def test_adaptation_helps_on_repetition_and_restores_weights(subwords, monkeypatch):
    monkeypatch.setattr(adapt, "RATES", (0.02,))
    tokens = encode(subwords.tokenizer.tokenize, [LINES[0]] * 30)
    plain, _ = subwords.nll(tokens)
    before = [w.numpy() for w in subwords.weights]
    model = subwords.model
    for adapted in (
        adapt.with_cache(model, tokens, tokens),
        adapt.with_dynamic_evaluation(model, tokens, tokens, tokens),
    ):
        assert adapted[0] < 0.9 * plain, adapted
    tempered, chosen = adapt.with_temperature(model, tokens, tokens)
    assert tempered <= plain * (1 + 1e-6) and chosen["temperature"] in adapt.TEMPERATURES
    for one, other in zip(before, subwords.weights, strict=True):
        np.testing.assert_array_equal(one, other.numpy())


def test_gradients_by_lag_are_drawn(subwords, tmp_path):
    tokens = encode(subwords.tokenizer.tokenize, LINES)
    norms = pictures.gradient_by_lag(tmp_path / "g.png", subwords.model, tokens)
    assert (tmp_path / "g.png").stat().st_size > 5000
    assert norms[0] > norms[-1] > 0
    few = encode(subwords.tokenizer.tokenize, ["It"])
    assert pictures.gradient_by_lag(tmp_path / "none.png", subwords.model, few) is None


# Data and commands --------------------------------------------------------------------------------


def test_own_files_hold_out_their_end(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("".join(f"line {n}\n" for n in range(60)))
    config = DataConfig(train=(str(file),))
    train, held_out = (dataset.read_lines(config, split) for split in ("train", "validation"))
    assert [*train, *held_out] == [f"line {n}" for n in range(60)] and len(held_out) == 3
    assert dataset.read_lines(replace(config, limit=5), "train") == train[:5]
    with pytest.raises(DataError, match="evaluate --file"):
        dataset.read_lines(config, "test")
    file.write_text("a single line")
    with pytest.raises(DataError, match="data.validation"):
        dataset.read_lines(config, "train")


def test_a_short_text_is_noted(subwords, capsys):
    config = replace(PRESETS["default"])
    made = dataset.make_batches(config, encode(subwords.tokenizer.tokenize, LINES[:4]))
    assert made.batch_size < config.streams.batch_size
    assert "streams.batch_size is" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": -1.0},
        {"temperature": math.nan},
        {"score": True, "rank": True},
        {"form": "quatrain5", "template": "{x}"},
        {"template": "{x}", "text": ("y",)},
        {"max_tokens": 0},
        {"number": 0},
        {"lines": -1},
        {"likeliest": True},
        {"seed": 2**40},
    ],
    ids=str,
)
def test_options_that_mean_nothing(change):
    with pytest.raises(UserError):
        infer.Command("run", **change).check()


def test_unknown_parts_are_named(characters, subwords):
    assert characters.unknown("春天 x") == ["x", "天"]
    assert subwords.unknown("The ☃ light") == ["☃"]
    assert subwords.unknown("") == []


def test_texts_with_unknown_parts_are_reported(subwords, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "load", lambda *run, **options: (subwords, {}))
    monkeypatch.setattr("common.runs.Run.open", lambda *run: None)
    lines = tmp_path / "lines.txt"
    lines.write_text("It\n" * 512 + "The ☃ light\n")
    for use in ("--score", "--rank"):
        monkeypatch.setattr(sys, "argv", ["infer", "run", "--file", str(lines), use])
        infer.main()
        out, err = capsys.readouterr()
        assert len(out.splitlines()) == 513
        assert err == "warning: text 513: the model has never seen ☃\n"


def test_counts_of_a_text():
    assert dataset.count(["one two", "", "春，夏"]) == (6, 13, 2)
    assert dataset.count(["  one \t two\u00a0", "\ufeff", "春，夏 "]) == (6, 13, 2)


def test_scores_are_json(characters, capsys):
    infer.show_score(infer.Command("run", json=True), characters.scores(["It"])[0])
    row = json.loads(capsys.readouterr().out)
    assert [token for token, _ in row["tokens"]] == ["I", "t", "</s>"]
    np.testing.assert_allclose(sum(v for _, v in row["tokens"]), row["log_probability"])
