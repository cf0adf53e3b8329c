"""Tokenizers restore words, in memory, from disk and inside an exported graph."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from common import text
from common.errors import UserError
from common.text import BOS, EOS, PAD, UNK, TokenizerConfig, train_tokenizer

KINDS = ("unigram", "bpe", "word", "char")
LINES = [
    "The quick brown fox jumps over the lazy dog.",
    "Hello, world! Isn't it a fine day?",
    "Ein Hund läuft über die Straße.",
    "你好，世界！你今年几岁？",
    "",
] * 3
HARD = [
    "a\tb\nc\x00d",
    "",
    " ",
    "\r\n",
    "\x85 \u2028 \u3000",
    "😀 𝔘𝔫𝔦",
    "<pad> <s> </s>",
    "x" * 5000,
]


@pytest.fixture(scope="module")
def tokenizers():
    return {kind: train_tokenizer(TokenizerConfig(kind), LINES) for kind in KINDS}


def decoded(strings) -> list[str]:
    return [string.decode() for string in strings.numpy()]


@pytest.mark.parametrize("kind", KINDS)
def test_text_survives_the_round_trip(tokenizers, kind):
    tokenizer = tokenizers[kind]
    tokens = tokenizer.tokenize(LINES)
    assert tokens.dtype == tf.int32
    assert decoded(tokenizer.detokenize(tokens)) == LINES
    assert decoded(tokenizer.detokenize(tokens.to_tensor())) == LINES
    assert tokens.row_lengths().numpy()[4] == 0
    flat = tokens.flat_values.numpy()
    assert flat.min() > EOS and flat.max() < tokenizer.vocab_size


@pytest.mark.parametrize("kind", KINDS)
def test_any_bytes_are_text(tokenizers, kind):
    tokenizer = tokenizers[kind]
    tokens = tokenizer.tokenize(HARD)
    assert tokens.nrows() == len(HARD)
    assert tokens.row_lengths().numpy()[1:5].tolist() == [0, 0, 0, 0]
    plain = tokenizer.tokenize(["a b c d"]).to_list()
    assert tokens.to_list()[0] == plain[0]
    broken = tokenizer.tokenize(tf.constant([b"\xff\xfe the", b"\xe4\xbd"]))
    assert UNK in broken.to_list()[0] or kind in ("unigram", "bpe")
    for string in decoded(tokenizer.detokenize(tf.concat([tokens, broken], 0))):
        assert "\x00" not in string
    # A special token written by a user is not a special token.
    assert not {PAD, BOS, EOS} & set(tokens.flat_values.numpy().tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_at_all(tokenizers, kind):
    tokenizer = tokenizers[kind]
    tokens = tokenizer.tokenize([])
    assert tokens.shape[0] == 0
    assert tokenizer.detokenize(tokens).shape == (0,)
    assert decoded(tokenizer.detokenize(tf.zeros([2, 0], tf.int32))) == ["", ""]


@pytest.mark.parametrize("kind", KINDS)
def test_output_ends_at_the_first_eos(tokenizers, kind):
    tokenizer = tokenizers[kind]
    a, b, c = tokenizer.tokenize([LINES[0]]).to_list()[0][:3]
    batch = [[BOS, a, b, c, EOS, c], [EOS, a, b, c, a, b], [a, EOS, b, EOS, PAD, PAD]]
    expected = [decoded(tokenizer.detokenize([row]))[0] for row in ([a, b, c], [PAD], [a])]
    assert decoded(tokenizer.detokenize(batch)) == expected
    assert decoded(tokenizer.detokenize(tf.ragged.constant(batch, dtype=tf.int32))) == expected
    assert expected[1] == "" and expected[0] != expected[2]


@pytest.mark.parametrize("kind", KINDS)
def test_case_folding(kind):
    tokenizer = train_tokenizer(TokenizerConfig(kind, lowercase=True), LINES)
    assert tokenizer.tokenize(["THE DOG"]).to_list() == tokenizer.tokenize(["the dog"]).to_list()
    assert decoded(tokenizer.detokenize(tokenizer.tokenize(["THE Dog"]))) == ["the dog"]


@pytest.mark.parametrize("kind", KINDS)
def test_same_lines_same_vocabulary(tokenizers, kind):
    again = train_tokenizer(TokenizerConfig(kind), iter(LINES))
    assert again.content() == tokenizers[kind].content()


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded(tokenizers, kind, tmp_path):
    tokenizers[kind].save(tmp_path / "run", "source")
    loaded = text.load(tmp_path / "run", "source")
    assert loaded.config == tokenizers[kind].config
    assert loaded.vocab_size == tokenizers[kind].vocab_size
    assert loaded.tokenize(LINES).to_list() == tokenizers[kind].tokenize(LINES).to_list()
    assert len(list((tmp_path / "run").iterdir())) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_named(tokenizers, kind, tmp_path):
    with pytest.raises(UserError, match=r"tokenizer\.json: no such"):
        text.load(tmp_path)
    tokenizers[kind].save(tmp_path)
    file = tmp_path / ("tokenizer" + tokenizers[kind].file_suffix)
    content = file.read_bytes()
    facts = json.loads((tmp_path / "tokenizer.json").read_text())
    for damage in (content[:-9], b"garbage", b"", b"<pad>\n<unk>\n<s>\n</s>\n"):
        file.write_bytes(damage)
        with pytest.raises(UserError, match="changed or truncated"):
            text.load(tmp_path)
        # The checksum agrees, but the file is not a tokenizer: an error, not a crash.
        forged = {**facts, "sha256": hashlib.sha256(damage).hexdigest()}
        (tmp_path / "tokenizer.json").write_text(json.dumps(forged))
        with pytest.raises(UserError, match="damaged"):
            text.load(tmp_path)
        (tmp_path / "tokenizer.json").write_text(json.dumps(facts))
    file.unlink()
    with pytest.raises(UserError, match="no such"):
        text.load(tmp_path)
    for settings in ("{", "[]", "{}", json.dumps({**facts, "kind": "other"})):
        (tmp_path / "tokenizer.json").write_text(settings)
        with pytest.raises(UserError, match=r"tokenizer\.json: damaged"):
            text.load(tmp_path)


EXPORTED = """
import sys, tensorflow as tf, tensorflow_text
for folder in sys.argv[1:]:
    module = tf.saved_model.load(folder)
    lines = tf.constant(["The lazy dog isn't here, world!", "", "你好，世界！"])
    ids = module.tokenize(lines)
    sys.stdout.buffer.write(repr([ids.numpy().tolist(), module.detokenize(ids).numpy().tolist()])
                            .encode() + b"\\n")
"""


def exportable(tokenizer) -> tf.Module:
    module = tf.Module()
    module.tokenizer = tokenizer
    module.tokenize = tf.function(
        lambda lines: tokenizer.tokenize(lines).to_tensor(),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    module.detokenize = tf.function(
        tokenizer.detokenize, input_signature=[tf.TensorSpec([None, None], tf.int32)]
    )
    return module


def test_the_exported_graph_is_the_same(tokenizers, tmp_path):
    expected = []
    for kind in KINDS:
        tokenizer = tokenizers[kind]
        tf.saved_model.save(exportable(tokenizer), str(tmp_path / kind))
        ids = tokenizer.tokenize(
            ["The lazy dog isn't here, world!", "", "你好，世界！"]
        ).to_tensor()
        expected.append(repr([ids.numpy().tolist(), tokenizer.detokenize(ids).numpy().tolist()]))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    folders = [str(tmp_path / kind) for kind in KINDS]
    process = subprocess.run(
        [sys.executable, "-c", EXPORTED, *folders],
        capture_output=True,
        text=True,
        cwd=tmp_path,  # our code cannot be imported here
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert process.returncode == 0, process.stderr[-2000:]
    assert process.stdout.splitlines() == expected


def test_words_are_cut_by_rule(tokenizers):
    tokenizer = tokenizers["word"]
    cut = tokenizer.split(tf.constant(["Isn't (this) 3.5, 你好a?!"]), False).to_list()[0]
    assert [token.decode() for token in cut] == [
        *["Isn't", "(", "this", ")", "3", ".", "5", ",", "你", "好", "a", "?", "!"]
    ]
    ids = tokenizer.tokenize(["Hello unheard world"]).to_list()[0]
    assert ids[1] == UNK
    assert decoded(tokenizer.detokenize([ids])) == ["Hello ⁇ world"]


def test_vocabulary_is_by_frequency_then_code_point():
    lines = ["b a c c", "z y y y"]
    vocabulary = train_tokenizer(TokenizerConfig("word"), lines).pieces(range(9))
    assert vocabulary == ["<pad>", "<unk>", "<s>", "</s>", "y", "c", "a", "b", "z"]
    backwards = train_tokenizer(TokenizerConfig("word"), lines[::-1])
    assert backwards.pieces(range(9)) == vocabulary
    assert train_tokenizer(TokenizerConfig("word", vocab_size=6), lines).vocab_size == 6
    assert train_tokenizer(TokenizerConfig("word", min_count=2), lines).vocab_size == 6


def test_subwords_have_pieces_and_bytes(tokenizers):
    pieces = tokenizers["bpe"].pieces([PAD, UNK, BOS, EOS])
    assert pieces == ["<pad>", "<unk>", "<s>", "</s>"]
    ids = tokenizers["bpe"].tokenize(["the dog."]).to_list()[0]
    assert "".join(tokenizers["bpe"].pieces(np.array(ids))) == "▁the▁dog."
    assert decoded(tokenizers["bpe"].detokenize(tokenizers["bpe"].tokenize(["dog €"]))) == ["dog ⁇"]
    spelled = train_tokenizer(TokenizerConfig("bpe", byte_fallback=True), LINES)
    assert decoded(spelled.detokenize(spelled.tokenize(["dog € 😀"]))) == ["dog € 😀"]


def test_what_training_says(capsys):
    small = train_tokenizer(TokenizerConfig("bpe", vocab_size=8000), LINES)
    assert small.vocab_size < 8000
    assert f"{small.vocab_size} tokens, fewer than vocab_size 8000" in capsys.readouterr().err
    for settings in ({"vocab_size": 4}, {"character_coverage": 0.5}):
        with pytest.raises(UserError, match=next(iter(settings))):
            train_tokenizer(TokenizerConfig("word", **settings), LINES)
    with pytest.raises(UserError, match="vocab_size 9 .* at least [0-9]+"):
        train_tokenizer(TokenizerConfig("bpe", vocab_size=9), LINES)
    for kind in KINDS:
        with pytest.raises(UserError, match="no text to train on"):
            train_tokenizer(TokenizerConfig(kind), ["", " \t "])


def test_one_hot_times_embeddings_is_a_lookup():
    ids = tf.constant([[4, 0, 2], [1, 1, 3]])
    embeddings = tf.random.stateless_normal([5, 7], seed=[0, 1])
    product = text.one_hot(ids, 5) @ embeddings  # [2, 3, 7]
    np.testing.assert_array_equal(product, tf.gather(embeddings, ids))


def test_prepared_words_stay_as_they_are():
    lines = ["mr. <unk> is n't N years old", "1.5 % <pad> of ½"]
    tokenizer = train_tokenizer(TokenizerConfig(kind="space", vocab_size=30), lines)
    assert tokenizer.vocab_size == 4 + 10  # a written <unk> or <pad> is not a new token
    pieces = tokenizer.pieces(tokenizer.tokenize(tf.constant(lines[:1])).numpy()[0])
    assert pieces == lines[0].split()
    assert tokenizer.pieces(tokenizer.tokenize(tf.constant(["½ x"])).numpy()[0]) == ["½", "<unk>"]
    text = tokenizer.detokenize(tokenizer.tokenize(tf.constant(lines[:1]))).numpy()[0].decode()
    assert text == lines[0].replace("<unk>", "⁇")
