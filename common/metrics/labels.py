"""Scores of labels: one for each example, or for each word."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from ..errors import UserError
from .score import Score


def accuracy(found: Sequence[Hashable], right: Sequence[Hashable]) -> Score:
    """Percentage of examples whose label is the right one (sequences too, as whole tuples)."""
    _check(found, right)
    correct = sum(a == b for a, b in zip(found, right, strict=True))
    return Score("accuracy", 100 * correct / len(right), f"percent|n:{len(right)}")


def macro_f1(found: Sequence[Hashable], right: Sequence[Hashable]) -> Score:
    """Mean over the labels among the right ones of F1 = 2 TP / (2 TP + FP + FN), in percent: rare
    labels count as much as frequent ones."""
    _check(found, right)
    hits = Counter(a for a, b in zip(found, right, strict=True) if a == b)
    guessed, wanted = Counter(found), Counter(right)
    each = [2 * hits[label] / (guessed[label] + wanted[label]) for label in wanted]
    signature = f"percent|macro|labels:{len(wanted)}|n:{len(right)}"
    return Score("macro F1", 100 * sum(each) / len(each), signature)


def confusion(found, right, labels: Sequence[Hashable]) -> np.ndarray:
    """int64 `[labels, labels]`: how often the row's label was right and the column's was found.

    Errors: `UserError` for a label that is not among `labels`.
    """
    _check(found, right)
    places = {label: n for n, label in enumerate(labels)}
    if strange := {*found, *right} - places.keys():
        raise UserError(f"these are not among the labels: {sorted(map(str, strange))[:5]}")
    counts = np.zeros([len(labels), len(labels)], np.int64)
    np.add.at(counts, ([places[b] for b in right], [places[a] for a in found]), 1)
    return counts


def _check(found, right):
    if len(found) != len(right):
        raise UserError(f"{len(found)} labels were found for {len(right)} examples")
    if not right:
        raise UserError("nothing to score: there are no examples")
