"""Caption scores compared with coco-caption (pycocoevalcap 1.2 with its Java tokenizer)."""

import pytest

from common.errors import UserError
from common.metrics.caption import caption_scores, cider_d, corpus_bleu, longest_common, rouge_l
from common.metrics.coco_tokens import character_tokens, coco_tokens

HYPOTHESES = [
    "A man's dog runs through the green grass.",
    "Two children play in the sand",
    "a woman in a red t-shirt is standing, smiling",
    "snow",
    "a boy jumps jumps jumps into the pool",
    "Three people are sitting at a table near the U.S. flag",
]
REFERENCES = [
    ["A brown dog is running through the grass .", "The man 's dog runs in the green grass"],
    [
        "Two kids play on the beach .",
        "Children are playing in sand .",
        "A boy and a girl dig in the sand at the beach",
    ],
    ["A woman wearing a red T-shirt smiles .", "A woman in red stands and smiles"],
    ["A man skis down a snowy hill .", "A skier in the snow"],
    ["A boy jumps into a swimming pool .", "The child is jumping into the pool, isn't he?"],
    ["Three people sit at a table .", "Some people sit near a flag"],
]
STORED = {
    "bleu1": 79.5454545436467,
    "bleu2": 64.70396332998524,
    "bleu3": 48.513593566034835,
    "bleu4": 25.27016492096163,
    "rouge_l": 59.42095382712706,
    "cider_d": 184.90278950589374,
}


def test_stored_values_of_coco_caption():
    scores = caption_scores(HYPOTHESES, REFERENCES)
    assert {name: score.value for name, score in scores.items()} == pytest.approx(STORED, rel=1e-9)
    assert "refs:3" in scores["cider_d"].signature and "n:6" in scores["bleu4"].signature


def test_order_of_references_and_pictures_changes_nothing():
    turned = [list(reversed(row)) for row in reversed(REFERENCES)]
    scores = caption_scores(HYPOTHESES[::-1], turned)
    assert {name: score.value for name, score in scores.items()} == pytest.approx(STORED)


TOKENS = [  # as split by Stanford's PTBTokenizer, punctuation dropped
    ("A man's dog can't run, doesn't it?", "a man 's dog ca n't run does n't it"),
    ('"Hello," she said -- \'quite\' loudly (in the U.S.) ...',
     "hello she said quite loudly -lrb- in the u.s. -rrb-"),
    ("The t-shirt costs $5.99, i.e. a lot!", "the t-shirt costs $ 5.99 i.e. a lot"),
    ("A 3-year-old boy isn't gonna go; the dogs' owner.",
     "a 3-year-old boy is n't gon na go the dogs owner"),
    ("they'll we've I'm you'd men's", "they 'll we 've i 'm you 'd men 's"),
    ("a/b 10:30 a.m. No. 5 Mr. Smith", "a/b 10:30 a.m. no. 5 mr. smith"),
    ("It is 50% & more a*b", "it is 50 % & more a * b"),
    ("cannot gimme 'tis o'clock rock 'n' roll", "can not gim me 't is o'clock rock 'n' roll"),
    ("naïve café — “quotes” ‘single’ …", "naïve café quotes single"),
    ("wait.. what?! no!!", "wait what ?! no !!"),
    ("1,000 people at AT&T with U. Miami", "1,000 people at at & t with u. miami"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("caption", "tokens"), TOKENS)
def test_coco_tokens(caption, tokens):
    assert coco_tokens(caption) == tokens.split()


def test_bleu_by_hand():
    hypothesis, reference = ["the", "the", "cat"], ["the", "cat", "sat"]
    one, two, *_ = corpus_bleu([hypothesis], [[reference]])
    assert one == pytest.approx(100 * 2 / 3)  # "the" counts once
    assert two == pytest.approx(100 * (2 / 3 * 1 / 2) ** 0.5)
    short = corpus_bleu([["the"]], [[reference]])[0]
    assert short == pytest.approx(100 * 2.718281828 ** (1 - 3))  # too short by 3 to 1
    closest = corpus_bleu([["a", "b", "c"]], [[["a"], ["a", "b", "c", "d", "e"]]])[0]
    assert closest == pytest.approx(100)


def test_rouge_by_hand():
    assert longest_common(["a", "b", "c", "d"], ["b", "x", "d", "a"]) == 2
    p, r, beta = 2 / 4, 2 / 3, 1.44
    value = rouge_l([["a", "b", "c", "d"]], [[["a", "c", "x"], ["q"]]])
    assert value == pytest.approx(100 * (1 + beta) * p * r / (r + beta * p))
    assert rouge_l([[]], [[["a"]]]) == 0


def test_cider_knows_rare_words():
    references = [[["a", "dog"]], [["a", "cat"]], [["a", "bird"]]]
    right = cider_d([["a", "dog"], ["a", "cat"], ["a", "bird"]], references)
    common = cider_d([["a"], ["a"], ["a"]], references)
    assert common == 0 and right == pytest.approx(500)  # no trigrams, no 4-grams: half of 1000


def test_chinese_is_scored_by_characters():
    assert character_tokens("一个人，在hill上。") == list("一个人在hill上")
    scores = caption_scores(["一只狗。"], [["一只狗在跑", "一只 狗"]], "zh")
    assert scores["bleu3"].value == pytest.approx(100, abs=1e-4)
    assert "tok:char" in scores["bleu1"].signature


@pytest.mark.parametrize(
    ("hypotheses", "references", "said"),
    [([], [], "no captions"), (["a"], [], "1 captions"), (["a"], [[]], "no reference")],
)
def test_wrong_input(hypotheses, references, said):
    with pytest.raises(UserError, match=said):
        caption_scores(hypotheses, references)
