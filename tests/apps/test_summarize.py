"""Summarisation: network, copying, several documents, your own files, bad input."""

import json
import runpy
import sys
from argparse import Namespace
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.summarize import baselines, dataset, pictures, pipeline
from apps.summarize.config import Config, DataConfig, DecodingConfig, ModelConfig
from apps.summarize.model import Summarizer
from apps.summarize.provenance import provenance
from apps.summarize.search import chosen
from apps.summarize.source import read
from common.config import BeamConfig, TokenizerConfig, TrainingConfig
from common.errors import UserError
from common.text import EOS, PAD, UNK, train_tokenizer
from data import DataError
from data.readers.documents import Example

SMALL = ModelConfig(units=8, embedding_dim=8)
# A vocabulary of 12; 12 + place is a source word that it lacks.
SOURCE = tf.constant([[5, 13, 7, 13, EOS], [12, EOS, PAD, PAD, PAD]])
TARGET = tf.constant([[9, 13, EOS, PAD], [6, 12, 8, EOS]])

VARIANTS = [
    {},
    {"coverage": 0.0},
    {"pointer": False},
    {"cell": "gru", "attention": "additive", "input_feeding": True},
    {"encoder_layers": 2, "decoder_layers": 2, "attention": "general"},
    {"word_dropout": 0.3, "cell": "elman"},
]


@pytest.mark.parametrize("change", VARIANTS, ids=str)
def test_every_weight_learns_and_padding_is_inert(change):
    model = Summarizer(replace(SMALL, **change), 12)
    with tf.GradientTape() as tape:
        total, count, nll = model.token_losses((SOURCE, TARGET), 1.0, training=True)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path
    assert count == 7 and nll > 0
    plain = [float(v) for v in model.token_losses((SOURCE, TARGET), training=False)]
    wide = tf.pad(SOURCE, [[0, 0], [0, 3]]), tf.pad(TARGET, [[0, 0], [0, 2]])
    wide = [float(v) for v in model.token_losses(wide, training=False)]
    np.testing.assert_allclose(plain, wide, rtol=1e-5)
    alone = [
        model.token_losses((SOURCE[n : n + 1], TARGET[n : n + 1]), training=False) for n in range(2)
    ]
    np.testing.assert_allclose(plain, np.sum(alone, 0), rtol=1e-5)


@pytest.mark.parametrize("change", [{}, {"coverage": 0.0, "input_feeding": True}], ids=str)
def test_loss_is_that_of_the_steps(change):
    """Teacher forcing over the whole target equals the step function that decoding uses."""
    model = Summarizer(replace(SMALL, **change), 12)
    memory, state = model.encode(SOURCE)
    step, nll = model.step(memory, SOURCE), 0.0
    # The step forbids <unk>, the loss does not, so its share is removed for the comparison.
    bias = model.embedding.bias
    bias.assign(tf.tensor_scatter_nd_update(bias.value, [[UNK]], [-1e9]))
    tokens = tf.constant([2, 2])
    for t in range(TARGET.shape[1]):
        log_probs, state = step(tokens, state)
        np.testing.assert_allclose(tf.reduce_sum(tf.exp(log_probs), -1), 1, rtol=1e-5)
        picked = -tf.gather(log_probs, TARGET[:, t], batch_dims=1)
        nll += tf.reduce_sum(tf.where(TARGET[:, t] != PAD, picked, 0.0))
        tokens = TARGET[:, t]
    loss = model.token_losses((SOURCE, TARGET), training=False)[2]
    assert float(nll) == pytest.approx(float(loss), rel=1e-5)


def test_half_precision_gives_nearly_the_same_loss():
    plain = Summarizer(SMALL, 12)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = Summarizer(SMALL, 12)
        half.set_weights(plain.get_weights())
        found = half.token_losses((SOURCE, TARGET), 1.0, training=False)
        memory, state = half.encode(SOURCE)
        log_probs, _ = half.step(memory, SOURCE)(tf.constant([2, 2]), state)
    finally:
        keras.config.set_dtype_policy("float32")
    expected = plain.token_losses((SOURCE, TARGET), 1.0, training=False)
    np.testing.assert_allclose(found, expected, rtol=0.02)
    assert all(value.dtype == tf.float32 for value in (*found, log_probs))


def test_coverage_begins_with_the_second_phase():
    model = Summarizer(replace(SMALL, embedding_dropout=0, dropout=0, output_dropout=0), 12)
    first = model.token_losses((SOURCE, TARGET), 0.74)
    second = model.token_losses((SOURCE, TARGET), 0.75)
    assert float(first[0]) == float(first[2]) == pytest.approx(float(second[2]), rel=1e-5)
    assert float(second[0]) > float(first[0])
    validation = model.token_losses((SOURCE, TARGET), 1.0, training=False)
    assert float(validation[0]) == float(validation[2])
    kernel = model.decoder.attention.coverage_kernel
    kernel.assign(tf.ones_like(kernel))
    assert float(model.token_losses((SOURCE, TARGET), 0.74)[2]) == float(first[2])
    assert float(model.token_losses((SOURCE, TARGET), 0.75)[2]) != pytest.approx(float(first[2]))


def test_unknown_words_differ_only_by_the_pointer():
    """Unknown words are all <unk> as inputs, but are copied as different words."""
    model = Summarizer(SMALL, 12)
    np.testing.assert_array_equal(model.embed(SOURCE[0]), model.embed(tf.constant([5, 1, 7, 1, 3])))
    memory, state = model.encode(SOURCE)
    log_probs, _ = model.step(memory, SOURCE)(tf.constant([2, 2]), state)
    row = log_probs.numpy()[0]
    assert row[13] > -50 and row[UNK] < -1e8  # copied, never generated
    assert (row[[12, 14, 15, 16]] < -1e8).all()  # no words of this source


def test_word_dropout_is_for_training_pointers_only():
    config = replace(SMALL, word_dropout=0.5, embedding_dropout=0, dropout=0, output_dropout=0)
    model = Summarizer(config, 12)
    known = tf.where(SOURCE < 12, SOURCE, 4), tf.where(TARGET < 12, TARGET, 4)
    plain = model.token_losses(known, training=False)
    assert float(plain[2]) == float(model.token_losses(known, training=False)[2])
    assert len({float(model.token_losses(known)[2]) for _ in range(5)}) > 1
    model = Summarizer(replace(config, pointer=False), 12)
    assert float(model.token_losses(known)[2]) == float(
        model.token_losses(known, training=False)[2]
    )


# Learning to copy --------------------------------------------------------------------------------


def made_up(random, count):
    """Names outside any vocabulary."""
    letters = "bcdfghjklmnpqrstvwz"
    return ["".join(random.choice(list(letters), 7)) + f"_{n}" for n in range(count)]


def cases(random, count):
    verbs = ["returns", "opens", "closes", "counts", "sorts", "reads"]
    fill = ["the", "a", "value", "list", "file", "name", "of", "and", "here", "then", "it", "is"]
    found = []
    for name in made_up(random, count):
        verb = random.choice(verbs)
        before, after = (" ".join(random.choice(fill, random.integers(0, 6))) for _ in range(2))
        found.append(Example(f"{before} function {name} {verb} {after}.", (f"{name} {verb}.",)))
    return found


@pytest.fixture(scope="module")
def copier():
    """A pipeline that has learned, from made-up names, to name the function of a document."""
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    config = Config(
        data=DataConfig(max_length=24),
        tokenizer=TokenizerConfig(kind="joiner", min_count=20),
        model=ModelConfig(units=24, embedding_dim=24, embedding_dropout=0, dropout=0,
                          output_dropout=0),
        training=TrainingConfig(epochs=1),
        decoding=DecodingConfig(beam=BeamConfig(beam=3), max_length=6),
    )  # fmt: skip
    examples = cases(random, 640)
    lines = [text for e in examples for text in (e.document, e.references[0])]
    tokenizer = train_tokenizer(config.tokenizer, lines)
    model = Summarizer(config.model, tokenizer.vocab_size)
    batches = dataset.make_batches(config, tokenizer, examples)
    optimizer = keras.optimizers.Adam(1e-2)
    variables = model.trainable_variables

    @tf.function(input_signature=[batches.signature])
    def update(arrays):
        with tf.GradientTape() as tape:
            loss, count, _ = model.token_losses(arrays)
            loss /= count
        gradients = tape.gradient(loss, [v.value for v in variables])
        optimizer.apply([tf.convert_to_tensor(g) for g in gradients], variables)

    for epoch in range(10):
        for numbers in batches.order(epoch):
            update(batches.arrays(numbers))
    return pipeline.Pipeline(config, model, tokenizer)


def test_words_that_only_the_document_has_are_copied(copier):
    unseen = cases(np.random.default_rng(2), 100)
    outputs = copier.best([example.document for example in unseen])
    right = sum(e.references[0].split()[0] in o.split() for e, o in zip(unseen, outputs, strict=True))  # fmt: skip # noqa: E501
    assert right >= 90


def test_provenance_names_the_document(copier):
    texts = ["it is here.", "then the function qwrtzp_77 opens a file.", "and a list."]
    text = "\f".join(texts)
    [summary] = copier.best([text])
    told = provenance(copier, text, summary)
    [name] = [word for word in told.words if word.word == "qwrtzp_77"]
    assert name.copied > 0.9 and name.document == 2
    assert told.source[name.place - 1] == "qwrtzp_77" and told.source.count("¶") == 3
    assert told.attention.shape == (len(told.words), len(told.source))
    assert "[qwrtzp_77]2" in pictures.marked(told)
    alone = provenance(copier, texts[1], summary)
    assert "[qwrtzp_77]" in pictures.marked(alone) and "]2" not in pictures.marked(alone)


def test_a_picture_is_drawn(copier, tmp_path):
    told = provenance(copier, "the function qwrtzp_77 opens a file.", "qwrtzp_77 opens.")
    assert pictures.copy_map(tmp_path / "map.png", told) == []
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_odd_input_never_fails(copier):
    odd = [
        "",
        "  ",
        "\x00\t",
        "\f\f",
        "...!?",
        "word",
        "漢字かな",
        "x" * 3000,
        "\ud800",
        "<b>a</b>",
    ]
    found = copier(odd)
    assert len(found) == len(odd)
    assert [row[0].text for row in found[:4]] == [""] * 4 and found[0][0].score == 0
    assert all("⁇" not in row[0].text and "<unk>" not in row[0].text for row in found)


def test_order_and_batching_do_not_matter(copier):
    texts = ["the function a_1 opens it.", "name", "then function bb_2 reads a file and a list."]
    together = copier(texts, batch_size=2)
    for text, found in zip(texts, together, strict=True):
        [alone] = copier([text])
        assert alone[0].text == found[0].text
        assert alone[0].score == pytest.approx(found[0].score, abs=1e-4)


def test_searches_keep_their_constraints(copier):
    """Minimum length and n-gram blocking apply to beam and greedy search."""
    text = ["the function a_1 opens it."]
    for beam in (0, 3):
        asked = Namespace(beam=beam, min_length=6, no_repeat_ngram=1, length_penalty=None,
                          coverage_penalty=None)  # fmt: skip
        tokens = copier.summarize(tf.constant(text), chosen(BeamConfig(), asked))[2][0, 0].numpy()
        assert len(set(tokens)) == len(tokens) == 6 and EOS not in tokens[:5]


def test_words_over_the_budget_are_reported(copier, capsys):
    start = "the function a_1 opens it. " + "and it " * 20
    assert copier.best([start + "x"]) == copier.best([start + "function b_2 reads it. " * 5000])
    assert "leaves out the end of 1 texts (number 1)" in capsys.readouterr().err
    copier([start], first=513)
    assert "the end of 1 texts (number 513)" in capsys.readouterr().err
    copier.best(["the function a_1 opens it."])
    assert capsys.readouterr().err == ""


# Sources -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokenizers():
    lines = ["one two three four five", "and 6 7 8 9"]
    kinds = ("joiner", "char")
    return {kind: train_tokenizer(TokenizerConfig(kind=kind), lines) for kind in kinds}


def test_documents_share_the_budget(tokenizers):
    texts = ["one two three four five\fone xx two three\f", "xx one xx"]
    source = read(tokenizers["joiner"], tf.constant(texts), DataConfig(max_length=9))
    words = [[w.decode() for w in row] for row in source.words.to_list()]
    assert words == [["one", "two", "</s>", "one", "xx", "</s>", "</s>"], ["xx", "one", "xx", "</s>"]]  # fmt: skip # noqa: E501
    assert source.documents.to_list() == [[0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 0]]
    vocab = tokenizers["joiner"].vocab_size
    ids = source.tokens.to_list()
    assert ids[0][4] == vocab + 4 and ids[1][0] == ids[1][2] == vocab
    assert source.empty.numpy().tolist() == [False, False]


def test_one_of_several_empty_documents(tokenizers):
    for tokenizer in tokenizers.values():
        source = read(tokenizer, tf.constant(["\f\f", "\fone", ""]), DataConfig(max_length=50))
        assert source.empty.numpy().tolist() == [True, False, True]
        assert (source.words is None) == (tokenizer is tokenizers["char"])


def test_more_documents_than_tokens(tokenizers):
    source = read(tokenizers["joiner"], tf.constant(["\f".join(["one"] * 30)]), DataConfig(max_length=9))  # fmt: skip # noqa: E501
    assert source.tokens.row_lengths().numpy().tolist() == [60]  # 30 words, 30 ends


def test_line_marks(tokenizers):
    config = DataConfig(max_length=50, line_mark=" | ")
    source = read(tokenizers["joiner"], tf.constant(["one\n\r\ntwo\n", "one"]), config)
    assert [row[:-1] for row in source.words.to_list()] == [[b"one", b"|", b"two"], [b"one"]]


def test_training_reads_what_inference_reads(copier):
    """Target ids of words outside the vocabulary are those of their places in the source."""
    example = Example("the function zz_9 opens qq_8", ("qq_8 zz_9 new_7 opens",))
    [source], [target] = dataset.encode(copier.config, copier.tokenizer, [example])
    vocab = copier.tokenizer.vocab_size
    opens = copier.tokenizer.tokenize(["opens"])[0, 0]
    assert source[[2, 4]].tolist() == [vocab + 2, vocab + 4]
    assert target.tolist() == [vocab + 4, vocab + 2, UNK, opens, EOS]


def test_batches_leave_out_what_cannot_be_learned(copier, capsys):
    config = replace(copier.config, data=replace(copier.config.data, max_summary=3))
    examples = [Example("the file", ("a list",)), Example("...", ("and it is here",)),
                Example(" ", ("it",))]  # fmt: skip
    batches = dataset.make_batches(config, copier.tokenizer, examples)
    assert len(batches.columns[0]) == 1 and "2 of 3" in capsys.readouterr().out
    whole = dataset.make_batches(config, copier.tokenizer, examples, limit=False)
    assert len(whole.columns[0]) == 3


# Baselines ---------------------------------------------------------------------------------------

TEXT = "One cat. A much longer sentence is here!\nTom: third line\nand the last line"


def test_baselines():
    assert baselines.sentences(TEXT) == [
        "One cat.", "A much longer sentence is here!", "Tom: third line", "and the last line"
    ]  # fmt: skip
    assert baselines.lead(TEXT, 2) == "One cat.\nA much longer sentence is here!"
    assert baselines.longest(TEXT, 2) == "A much longer sentence is here!\nand the last line"
    assert baselines.oracle(TEXT, ["the last line of Tom"]) == "and the last line"
    assert baselines.oracle(TEXT, ["one cat and the last line"]) == "One cat.\nand the last line"
    assert baselines.oracle(TEXT, ["nothing"]) == "" and baselines.lead("", 3) == ""


# Configuration and commands ----------------------------------------------------------------------


def test_settings_that_mean_nothing_are_refused():
    for change in (
        lambda: Config(data=DataConfig(max_length=1)),
        lambda: Config(model=ModelConfig(coverage_from=1.5)),
        lambda: Config(model=ModelConfig(coverage=-1.0)),
        lambda: Config(decoding=DecodingConfig(max_length=0)),
        lambda: Config(training=TrainingConfig(jit=True)),
        lambda: Config(tokenizer=TokenizerConfig(kind="bpe", subword_sampling=0.1)),
    ):
        with pytest.raises(UserError):
            change()


def run(monkeypatch, module, *arguments):
    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"apps.summarize.{module}", run_name="__main__")
    return end.value.code


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run on your own JSON lines with subwords, trained for two steps."""
    folder = tmp_path_factory.mktemp("own")
    random = np.random.default_rng(0)
    rows = [{"body": e.document, "title": e.references[0]} for e in cases(random, 120)]
    rows[1] = {"body": [rows[1]["body"], "a second document"], "title": [rows[1]["title"], "two"]}
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["tiny", "--run-dir", folder / "run", "--max-steps", 2, "--tokenizer.kind", "bpe"]
    arguments += ["--data.train", folder / "train.jsonl", "--data.document-field", "body"]
    arguments += ["--data.summary-field", "title", "--tokenizer.vocab-size", 120]
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, "train", *arguments) == 0
    return folder / "run"


def test_own_files_without_a_test_split(run_folder, monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "evaluate", run_folder) == 2
    assert "--data.test" in capsys.readouterr().err
    table = tmp_path / "test.tsv"
    table.write_text("title\tbody\na_1 opens\tthe function a_1 opens it\nx\ty\tz\n")
    assert run(monkeypatch, "evaluate", run_folder, "--file", table, "--beam", 2) == 0
    out, err = capsys.readouterr()
    result = json.loads(out.splitlines()[-1])
    assert result["documents"] == 1 and "lead_1_rougeL" in result and "oracle_rouge2" in result
    assert "1 wrong number of columns (line 3)" in err
    assert "rouge1_best_reference" not in result
    table.write_text("head\ttext\na\tb\n")
    assert run(monkeypatch, "evaluate", run_folder, "--file", table) == 2
    assert "no column 'body' and no column 'title'" in (told := capsys.readouterr().err)
    assert "'head', 'text'" in told


def test_infer_options(run_folder, monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "infer", run_folder, "it opens.", "", "--json", "--n-best", 2) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["source"] for row in rows] == ["it opens.", ""]
    assert all(len(row["summaries"]) == 2 for row in rows) and rows[1]["words"] == []
    files = [tmp_path / name for name in ("a.txt", "b.html", "c.txt", "d.txt")]
    files[0].write_text("the function a_1\nopens it")
    files[1].write_text("<!DOCTYPE html><html><head><title>t</title></head><p>b_2 <i>reads</i>")
    files[2].write_text("the function a_1 opens it\n")
    files[3].write_text("")
    picture = tmp_path / "map.png"
    told = "--documents", *files, "--attention", picture
    assert run(monkeypatch, "infer", run_folder, *told) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2 and picture.read_bytes().startswith(b"\x89PNG")
    assert "c.txt is the same" in err and "d.txt is empty" in err
    for given in (["it opens."], ["--documents", files[0]]):
        picture.unlink()
        assert run(monkeypatch, "infer", run_folder, *given, "--attention", picture, "--json") == 0
        [line] = capsys.readouterr().out.splitlines()
        assert json.loads(line)["words"] is not None and picture.exists()
    assert run(monkeypatch, "infer", run_folder, "a", "b", "--attention", picture) == 2
    assert run(monkeypatch, "infer", run_folder, "a", "--documents", files[0]) == 2
    assert run(monkeypatch, "infer", run_folder, "--documents", files[3]) == 2
    assert run(monkeypatch, "infer", run_folder, "a", "--beam", 0, "--min-length", 1) == 0


def test_training_on_one_example(tmp_path):
    file = tmp_path / "one.jsonl"
    file.write_text('{"document": "a b", "summary": "a"}\n')
    with pytest.raises(DataError, match="one usable example"):
        dataset.read_examples(DataConfig(train=str(file)), "train")
