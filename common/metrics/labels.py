"""Scores of predicted labels, one per example or per word."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from ..errors import UserError
from .score import Score


def accuracy(found: Sequence[Hashable], references: Sequence[Hashable]) -> Score:
    """Percentage of examples with the correct label; a label may be a tuple, compared as a whole.

    Raises:
        UserError: there are no examples, or the numbers differ.
    """
    _check(found, references)
    correct = sum(a == b for a, b in zip(found, references, strict=True))
    return Score("accuracy", 100 * correct / len(references), f"percent|n:{len(references)}")


def macro_f1(found: Sequence[Hashable], references: Sequence[Hashable]) -> Score:
    """Mean of F1 = 2 TP / (2 TP + FP + FN) over the labels of the references, in percent.

    Rare labels weigh as much as frequent labels.

    Raises:
        UserError: there are no examples, or the numbers differ.
    """
    _check(found, references)
    hits = Counter(a for a, b in zip(found, references, strict=True) if a == b)
    guessed, wanted = Counter(found), Counter(references)
    each = [2 * hits[label] / (guessed[label] + wanted[label]) for label in wanted]
    signature = f"percent|macro|labels:{len(wanted)}|n:{len(references)}"
    return Score("macro F1", 100 * sum(each) / len(each), signature)


def confusion(found, references, labels: Sequence[Hashable]) -> np.ndarray:
    """Confusion counts, int64 `[labels, labels]`: rows are references, columns predictions.

    Raises:
        UserError: a label is not among `labels`, there are no examples, or the numbers differ.
    """
    _check(found, references)
    places = {label: n for n, label in enumerate(labels)}
    if strange := {*found, *references} - places.keys():
        raise UserError(
            f"{sorted(map(str, strange))[:5]} are not among the labels: add them or leave them out"
        )
    counts = np.zeros([len(labels), len(labels)], np.int64)
    np.add.at(counts, ([places[b] for b in references], [places[a] for a in found]), 1)
    return counts


def _check(found, references):
    if len(found) != len(references):
        raise UserError(
            f"{len(found)} labels found for {len(references)} examples: give one per example"
        )
    if not references:
        raise UserError("nothing to score: there are no examples")
