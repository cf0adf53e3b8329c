"""The hidden Markov model compared with all tag sequences, and its guesses by suffix."""

import itertools

import numpy as np
import pytest

from common.baselines import HiddenMarkovModel, TagCounts

SENTENCES = [
    (("the", "dog", "barks"), ("D", "N", "V")),
    (("the", "walks", "end"), ("D", "N", "V")),
    (("she", "walks", "the", "dog"), ("P", "V", "D", "N")),
    (("she", "talked", "slowly"), ("P", "V", "A")),
    (("the", "cat", "walked", "quickly"), ("D", "N", "V", "A")),
    (("the", "end", "barks"), ("D", "N", "V")),
]


@pytest.fixture(scope="module")
def counts():
    return TagCounts(*zip(*SENTENCES, strict=True))


@pytest.fixture(scope="module")
def model(counts):
    return HiddenMarkovModel(counts)


def test_each_word_by_itself(counts):
    assert counts(["the", "end", "walked", "barks"]) == ["D", "N", "V", "V"]
    assert counts.words["walks"].sum() == 2 and counts.of_tags.sum() == 20


def test_unknown_words_by_their_ends(counts):
    assert counts(["warmly", "jumped"]) == ["A", "V"]
    share = counts.guess("warmly")
    assert share.sum() == pytest.approx(1) and share.argmax() == counts.tags.index("A")
    assert counts.guess("Ω").sum() == pytest.approx(1)  # no suffix was seen with a capital


def test_neighbours_decide(counts, model):
    assert model(["the", "walks", "barks"])[1] == "N" and model(["she", "walks"])[1] == "V"
    assert counts(["walks"]) == counts(["the", "walks"])[1:]


def test_nothing_has_no_tags(counts, model):
    assert model([]) == counts([]) == []


def test_interpolation_is_a_distribution(model):
    assert model.weights.sum() == pytest.approx(1) and (model.weights >= 0).all()
    seen = np.exp(model.trigrams[-1, -1])  # beginnings of sentences
    assert seen.sum() == pytest.approx(1, abs=1e-6) and model.counts.tags[seen.argmax()] == "D"


@pytest.mark.parametrize(
    "words", [["she"], ["the", "end"], ["she", "walks", "slowly"], ["the", "blue", "walks", "xyly"]]
)
def test_the_best_of_all_sequences(counts, model, words):
    start, best = len(counts.tags), (-np.inf, ())
    for tags in itertools.product(range(start), repeat=len(words)):
        padded, score = [start, start, *tags], 0.0
        for n, (word, tag) in enumerate(zip(words, tags, strict=True)):
            known = counts.words.get(word)
            share = counts.guess(word) if known is None else known
            with np.errstate(divide="ignore"):
                score += np.log(share[tag] / counts.of_tags[tag])
            score += model.trigrams[padded[n], padded[n + 1], tag]
        best = max(best, (score, tags))
    assert model(words) == [counts.tags[tag] for tag in best[1]]
