"""Scores of labels and sequences, and Viterbi, compared with brute force and work by hand."""

import itertools

import numpy as np
import pytest

from common.analysis import confusion_matrix
from common.baselines import viterbi
from common.errors import UserError
from common.metrics import accuracy, confusion, error_rate, macro_f1
from common.metrics.error_rate import edit_distance
from common.metrics.spans import are_spans, span_scores, spans

FOUND, REFERENCES = list("aabca"), list("abbcc")


def test_accuracy_and_macro_f1_by_hand():
    assert accuracy(FOUND, REFERENCES).value == pytest.approx(60)
    assert "n:5" in accuracy(FOUND, REFERENCES).signature
    # a: TP 1, FP 2, FN 0 -> 2/4; b: TP 1, FN 1 -> 2/3; c: TP 1, FN 1 -> 2/3
    assert macro_f1(FOUND, REFERENCES).value == pytest.approx(100 * (1 / 2 + 2 / 3 + 2 / 3) / 3)
    assert macro_f1(["x", "a"], ["a", "a"]).value == pytest.approx(100 * 2 / 3)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-P I-P O B-L", [("P", 0, 2), ("L", 3, 4)]),
        ("B-P B-P I-P", [("P", 0, 1), ("P", 1, 3)]),
        ("I-P I-L I-L O I-L", [("P", 0, 1), ("L", 1, 3), ("L", 4, 5)]),  # as the CoNLL script
        ("S-P B-L I-L E-L E-L", [("P", 0, 1), ("L", 1, 4), ("L", 4, 5)]),
        ("U-P B-L L-L I-L", [("P", 0, 1), ("L", 1, 3), ("L", 3, 4)]),
        ("O O", []),
    ],
)
def test_spans_by_hand(tags, expected):
    assert spans(tags.split()) == expected


def test_span_scores_by_hand():
    references = [["B-P", "I-P", "O", "B-L"], ["O", "B-P"]]
    found = [["B-P", "O", "O", "B-L"], ["B-L", "B-P"]]  # a cut name, and an extra name
    scores = {name: score.value for name, score in span_scores(found, references).items()}
    assert scores == pytest.approx(
        {"span_precision": 50, "span_recall": 200 / 3, "span_f1": 400 / 7}
    )
    assert are_spans(["O", "B-P"]) and not are_spans(["O"]) and not are_spans(["O", "NOUN"])
    with pytest.raises(UserError, match="no span"):
        span_scores([["O"]], [["O"]])


def test_confusion_has_the_right_label_in_its_rows():
    np.testing.assert_array_equal(
        confusion(FOUND, REFERENCES, "abc"), [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    )
    with pytest.raises(UserError, match="'c'"):
        confusion(FOUND, REFERENCES, "ab")


@pytest.mark.parametrize("score", [accuracy, macro_f1, error_rate])
def test_what_cannot_be_scored_is_an_error(score):
    with pytest.raises(UserError, match="1 .* for 2"):
        score(["a"], ["a", "b"])
    with pytest.raises(UserError, match="nothing to score"):
        score([], [])


def test_edit_distance_and_error_rate_by_hand():
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("", "abc") == edit_distance("abc", "") == 3
    assert edit_distance(["a", "b"], ["b"]) == 1
    score = error_rate(["ax", "bcd"], ["yx", "bc"])
    assert score.value == pytest.approx(50) and "char" in score.signature


def test_viterbi_is_the_best_of_all_paths():
    random = np.random.default_rng(3)
    sizes = [3, 1, 4, 2, 3]
    emissions = [random.normal(size=n) for n in sizes]
    steps = [None] + [random.normal(size=pair) for pair in itertools.pairwise(sizes)]

    def score(path):
        moves = sum(steps[t][path[t - 1], path[t]] for t in range(1, len(path)))
        return moves + sum(row[state] for row, state in zip(emissions, path, strict=True))

    paths = list(itertools.product(*map(range, sizes)))
    best = max(paths, key=score)
    path, value = viterbi(emissions, lambda t: steps[t])
    assert tuple(path) == best and value == pytest.approx(score(best))
    square = random.normal(size=(3, 3))
    assert viterbi(emissions[:1] * 4, square) == viterbi(emissions[:1] * 4, lambda t: square)
    assert viterbi([], square) == ([], 0.0)


@pytest.mark.parametrize("labels", [["a", "b"], [f"label {n}" for n in range(20)]])
def test_a_confusion_matrix_is_drawn(tmp_path, labels):
    counts = np.arange(len(labels) ** 2).reshape(len(labels), -1)
    assert confusion_matrix(tmp_path / "c.png", counts, labels, "a title") == []
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="labels"):
        confusion_matrix(tmp_path / "c.png", counts, labels[1:])
