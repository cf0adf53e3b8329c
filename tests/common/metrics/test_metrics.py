"""Scores compared with sacrebleu itself and with numbers worked by hand."""

import math

import pytest
import sacrebleu

from common.errors import UserError
from common.metrics import (
    Score,
    bits_per_character,
    bleu,
    character_perplexity,
    chrf,
    perplexity,
    tokenized_bleu,
    word_perplexity,
)

HYPOTHESES = ["The cat sat on the mat.", "A dog's life isn't easy, he said.", ""]
REFERENCES = ["The cat sat on a mat.", "A dog's life is not easy, he said.", "Nothing at all."]


def test_bleu_is_that_of_sacrebleu():
    score = bleu(HYPOTHESES, REFERENCES)
    assert score.value == sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score
    assert 0 < score.value < 100
    assert "nrefs:1|case:mixed" in score.signature and "tok:13a" in score.signature
    lower = bleu([text.upper() for text in HYPOTHESES], REFERENCES, lowercase=True)
    assert lower.value == sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES], lowercase=True).score
    assert "case:lc" in lower.signature
    assert f"{score.value:.2f}" in str(score) and score.signature in str(score)


def test_bleu_by_hand():
    # Four of five words correct, in a row: p = 4/5, 3/4, 2/3, 1/2; the lengths are equal.
    expected = 100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert bleu(["a b c d x"], ["a b c d e"]).value == pytest.approx(expected)
    # All correct, one word short: brevity penalty exp(1 - 6/5).
    assert bleu(["a b c d e"], ["a b c d e f"]).value == pytest.approx(100 * math.exp(-1 / 5))


def test_several_references_a_sentence():
    several = [["x", REFERENCES[0]], [REFERENCES[1]], [REFERENCES[2], "y", "z"]]
    streams = [["x", REFERENCES[1], REFERENCES[2]], [REFERENCES[0], None, "y"], [None, None, "z"]]
    for ours, theirs in ((bleu, sacrebleu.corpus_bleu), (chrf, sacrebleu.corpus_chrf)):
        assert ours(HYPOTHESES, several).value == theirs(HYPOTHESES, streams).score
    assert "nrefs:var" in bleu(HYPOTHESES, several).signature


def test_chrf_is_that_of_sacrebleu():
    score = chrf(HYPOTHESES, REFERENCES)
    assert score.value == sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score
    assert "nc:6" in score.signature


def test_chinese_is_cut_into_characters():
    hypothesis, reference = ["你今年几岁了？"], ["你今年几岁？"]
    expected = sacrebleu.corpus_bleu(hypothesis, [reference], tokenize="zh").score
    assert 0 < expected < 100
    assert bleu(hypothesis, reference, language="zh").value == expected
    score = tokenized_bleu(hypothesis, reference, "zh")
    assert score.value == expected and "tok:zh" in score.signature


@pytest.mark.parametrize(
    ("language", "texts", "tokens"),
    [
        (
            "en",
            ("A dog’s life isn't easy, he said.", "The U.S. team won (again)!"),
            ("a dog 's life isn 't easy , he said .", "the u.s. team won ( again ) !"),
        ),
        (
            "de",
            ("Ein Mann „läuft“ z.B. zur Straße.", "Zwei Hunde, ein Ball."),
            ('ein mann " läuft " z.b. zur straße .', "zwei hunde , ein ball ."),
        ),
        (
            "fr",
            ("L'homme qu'elle voit court.", "Deux chiens, une balle !"),
            ("l' homme qu' elle voit court .", "deux chiens , une balle !"),
        ),
    ],
)
def test_tokenized_bleu_equals_bleu_of_tokenised_text(language, texts, tokens):
    hypotheses = [texts[0], "Something else, and it is rather long."]
    by_hand = [tokens[0], "something else , and it is rather long ."]
    score = tokenized_bleu(hypotheses, texts, language)
    expected = sacrebleu.corpus_bleu(by_hand, [list(tokens)], tokenize="none", force=True).score
    assert score.value == pytest.approx(expected)
    assert score.signature.startswith(f"lc|normalised|moses:{language}|sacremoses:")
    assert "case:lc" in score.signature and "tok:none" in score.signature
    assert "version:" in score.signature
    assert tokenized_bleu([texts[0].lower()], [texts[0]], language).value == pytest.approx(100)


def test_tokenized_bleu_cuts_words_where_moses_does():
    from common.metrics.translation import moses_tokenizer

    def cut(language, text):
        return moses_tokenizer(language)(text).replace("&apos;", "'").replace("&quot;", '"')

    assert cut("en", "A dog's life isn't easy, he said.") == "a dog 's life isn 't easy , he said ."
    # normalize-punctuation.perl puts the comma inside the quotation in English only.
    assert cut("en", "„Good“, he said") == '" good , " he said'
    assert cut("de", "Er sagte: „Gut“, z.B.") == 'er sagte : " gut " , z.b.'


def test_other_languages_use_the_english_rules():
    assert "moses:en" in tokenized_bleu(["ahoj"], ["ahoj"], "cs").signature


@pytest.mark.parametrize("metric", [bleu, chrf, lambda h, r: tokenized_bleu(h, r, "en")])
def test_wrong_counts_are_errors(metric):
    with pytest.raises(UserError, match="2 hypotheses, but 1 references"):
        metric(["a", "b"], ["a"])
    with pytest.raises(UserError, match="nothing to score"):
        metric([], [])
    with pytest.raises(UserError, match="sentence 2 has no reference"):
        metric(["a", "b"], [["a"], []])
    assert metric(["", ""], ["a", "b"]).value == 0


def test_perplexity():
    # A uniform guess over 50 words has perplexity 50, for any number of words.
    for tokens in (1, 7, 1000):
        assert perplexity(tokens * math.log(50), tokens).value == pytest.approx(50)
    assert perplexity(0.0, 3) == Score("perplexity", 1.0, "exp(nll/tokens)|unit:token|tokens:3")
    assert perplexity(1e9, 1).value == math.inf
    assert perplexity(math.inf, 1).value == math.inf
    assert math.isnan(perplexity(math.nan, 1).value)
    with pytest.raises(UserError, match="no tokens"):
        perplexity(0.0, 0)


def test_scores_of_text_do_not_depend_on_tokens():
    # A uniform guess over 2 characters: one bit each, for any tokenisation.
    nll = 12 * math.log(2)
    assert bits_per_character(nll, 12).value == pytest.approx(1)
    assert word_perplexity(nll, 3).value == pytest.approx(16)
    assert character_perplexity(nll, 6, unknown=2).value == pytest.approx(4)
    assert "characters:6|unknown:2" in character_perplexity(nll, 6, unknown=2).signature
    assert word_perplexity(1e9, 1).value == math.inf
    for metric in (bits_per_character, word_perplexity, character_perplexity):
        with pytest.raises(UserError, match="there is no"):
            metric(1.0, 0)
