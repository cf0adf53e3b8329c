"""Raw text into words: nothing is lost, and the most probable words are found."""

import numpy as np
import pytest
import tensorflow as tf

from common.errors import UserError
from common.text import Lexicon, Marks, is_unspaced

TRAINING = [
    *(["我", "爱", "购物"], ["我", "在", "家"], ["华联", "很", "好"], ["购", "物"], ["在", "购物"]),
    *(["１９９８年", "，", "我", "在", "联想"], ["３０％", "的", "Ａ股"], ["华", "好"]),
]


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon(Lexicon.model(TRAINING))


def cut(cutter, *texts):
    return [[word.decode() for word in row] for row in cutter(tf.constant(texts)).to_list()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't know.", "I do n't know ."),
        ("She'll see John’s e-mail (now)!", "She 'll see John ’s e - mail ( now ) !"),
        ("Dr. Smith paid $1,000.50 on 08/16/2000.", "Dr. Smith paid $ 1,000.50 on 08/16/2000 ."),
        ("the U.S. at 10:30...", "the U.S. at 10:30 ..."),
        ("a@b.org or http://x.org/y?z=1, ok?!", "a@b.org or http://x.org/y?z=1 , ok ?!"),
        ("see file_2.pdf **** :-)", "see file_2.pdf **** :-)"),
        ("Das heißt: größer!", "Das heißt : größer !"),
    ],
)
def test_marks(text, words):
    assert cut(Marks(), text) == [words.split()]


def test_the_most_probable_words(lexicon):
    assert cut(lexicon, "我爱购物", "我在华联购物") == [["我", "爱", "购物"], ["我", "在", "华联", "购物"]]  # fmt: skip # noqa: E501


def test_digits_and_letters_are_known_by_their_kind(lexicon):
    assert cut(lexicon, "２０２６年，我在Windows的Ｂ股") == [
        ["２０２６年", "，", "我", "在", "Windows", "的", "Ｂ股"]
    ]
    assert cut(lexicon, "45%的") == [["45%", "的"]]  # narrow digits are those of training too


def test_a_space_always_ends_a_word(lexicon):
    assert cut(lexicon, " 我 爱 购 物 ", "我爱 购物", "　", "") == [
        ["我", "爱", "购", "物"],
        ["我", "爱", "购物"],
        [],
        [],
    ]


@pytest.mark.parametrize("kind", ["marks", "lexicon"])
def test_nothing_is_lost_of_any_text(kind, lexicon):
    """Every character is kept, in order and unchanged: also punctuation of other scripts with a
    longer NFKC form, and SentencePiece's own marks."""
    random = np.random.default_rng(1)
    pool = [chr(n) for n in (*range(33, 127), *range(0xA1, 0x530), *range(0x2010, 0x2100))]
    pool += list("我爱购物在华▁ﬁ㌀㈱½①²…👍🏽🇨🇳が\u0301\ue000\uf8fe\U0001f600⁇") + [
        "<unk>",
        " ",
        "</s>",
    ]
    texts = ["".join(random.choice(pool, 30)) for _ in range(200)]
    texts = [" ".join(text.split()) for text in texts]
    cutter = lexicon if kind == "lexicon" else Marks()
    for text, words in zip(texts, cut(cutter, *texts), strict=True):
        assert "".join(words) == "".join(text.split()), text
        assert all(words)


def test_bytes_that_are_no_text(lexicon):
    for cutter in (lexicon, Marks()):
        found = cut(cutter, b"\xff\xfe", b"a\x00b")
        assert "".join(found[0]) == "\ufffd\ufffd" and found[1] == ["a", "b"]


def test_a_damaged_lexicon_is_an_error():
    model = Lexicon.model(TRAINING)
    for broken in (model[: len(model) // 2], b"", b"rubbish" * 9):
        with pytest.raises(UserError, match="damaged"):
            Lexicon(broken)


def test_scripts_without_spaces_are_told_apart():
    assert is_unspaced(TRAINING) and not is_unspaced([["the", "word", "购物"]])
