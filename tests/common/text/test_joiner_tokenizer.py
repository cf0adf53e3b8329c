"""The tokenizer with joiners restores its input."""

import random

import numpy as np
import pytest
import tensorflow as tf

from common import text
from common.text import JOINER, UNK, JoinerTokenizer, TokenizerConfig, sanitise

LINES = [
    "Don't call f(x), see re_2.py!",
    'She said "no" - twice ...',
    "http://a.b/c?d=1&e",
    "¿Qué?",
]


@pytest.fixture(scope="module")
def tokenizer():
    return JoinerTokenizer.train(TokenizerConfig(kind="joiner"), LINES, 0)


def words(tokenizer, line):
    return [word.decode() for word in tokenizer.words([line])[0].numpy()]


def test_marks_say_where_no_space_stood(tokenizer):
    expected = "Don ￭'￭ t call f ￭(￭ x ￭) ￭, see re_2 ￭.￭ py ￭!"
    assert words(tokenizer, LINES[0]) == expected.split()
    assert words(tokenizer, "a -b c- - (d)") == ["a", "-￭", "b", "c", "￭-", "-", "(￭", "d", "￭)"]


def test_what_goes_in_comes_out(tokenizer):
    assert tokenizer.detokenize(tokenizer.tokenize(LINES)).numpy().tolist() == [
        line.encode() for line in LINES
    ]
    source = random.Random(0)
    lines = ["".join(source.choices("ab_1 .,-?()'\"é%", k=12)) for _ in range(2000)]
    collapsed = tf.strings.regex_replace(sanitise(lines), " +", " ")
    np.testing.assert_array_equal(tokenizer.join(tokenizer.words(lines)), collapsed)


def test_odd_text(tokenizer):
    assert words(tokenizer, "") == [] and words(tokenizer, " \t ") == []
    assert words(tokenizer, "你好world") == ["你", "好", "world"]
    joined = tokenizer.join(tokenizer.words(["你好", f"a{JOINER}b", "\x01", "a\n(b)"]))
    assert [line.decode() for line in joined.numpy()] == ["你好", "a■b", "", "a (b)"]
    assert UNK in tokenizer.tokenize(["never seen"])[0].numpy()


def test_it_is_saved_and_loaded(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    loaded = text.load(tmp_path)
    assert isinstance(loaded, JoinerTokenizer)
    assert loaded.tokenize(LINES).to_list() == tokenizer.tokenize(LINES).to_list()


def test_lower_case():
    folded = JoinerTokenizer.train(TokenizerConfig(kind="joiner", lowercase=True), ["The END"], 0)
    assert words(folded, "THE End") == ["the", "end"]
