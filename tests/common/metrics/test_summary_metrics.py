"""ROUGE compared with rouge-score itself and by hand; novelty, repetition and length by hand."""

import pytest
from rouge_score.rouge_scorer import RougeScorer

from common.errors import UserError
from common.metrics import abstraction, rouge


def test_rouge_by_hand():
    found = rouge(["the cat sat"], ["the cat is here now"], stemmer=False)
    assert found["rouge1"].value == pytest.approx(100 * 2 * (2 / 3) * (2 / 5) / (2 / 3 + 2 / 5))
    assert found["rouge2"].value == pytest.approx(100 * 2 * (1 / 2) * (1 / 4) / (1 / 2 + 1 / 4))
    assert found["rougeL"].value == found["rouge1"].value


def test_rouge_averages_texts_and_takes_the_best_reference():
    hypotheses = ["a small cat", "dogs run"]
    references = [["the cat", "a small dog"], ["dog runs"]]
    scorer = RougeScorer(["rouge1"], use_stemmer=True)
    one = max(scorer.score(r, hypotheses[0])["rouge1"].fmeasure for r in references[0])
    two = scorer.score("dog runs", "dogs run")["rouge1"].fmeasure
    found = rouge(hypotheses, references)["rouge1"]
    assert found.value == pytest.approx(50 * (one + two))
    assert found.signature == "F1|mean|refs:1-2|best|stemmer:yes|rouge-score:0.1.2"
    assert rouge(hypotheses, references, stemmer=False)["rouge1"].value < found.value


def test_rouge_lsum_goes_by_sentences():
    found = rouge(["One two. Three four."], ["Three four. One two."])
    assert found["rougeLsum"].value == 100 and found["rougeL"].value == 50


def test_rouge_of_nothing():
    with pytest.raises(UserError, match="no summaries"):
        rouge([], [])
    with pytest.raises(UserError, match="2 summaries, but 1"):
        rouge(["a", "b"], ["a"])
    with pytest.raises(UserError, match="no reference"):
        rouge(["a"], [[]])
    assert rouge([""], ["a"])["rouge1"].value == 0


def test_abstraction_by_hand():
    found = abstraction(["a b a b x"], ["A b c, a"], ["one two"])
    values = {name: score.value for name, score in found.items()}
    assert values["novel_1"] == 20 and values["copied"] == 80  # x of five
    assert values["novel_2"] == 50  # b a, b x of ab ba ab bx
    assert values["novel_3"] == 100
    assert values["repeated"] == 25  # the second a b
    assert values["length_ratio"] == 250
    assert all(s.value == 0 for s in abstraction([""], ["a"], [""]).values())
