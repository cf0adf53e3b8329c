"""Character or word error rate, as used in speech recognition."""

from collections.abc import Sequence

from ..errors import UserError
from .score import Score


def error_rate(found: Sequence[Sequence], references: Sequence[Sequence], unit="char") -> Score:
    """100 * (substitutions + insertions + deletions) / length of the references, over the corpus.

    Can exceed 100.

    Args:
        found, references: strings, or lists of words.
        unit: name of an element, for the signature.

    Raises:
        UserError: the numbers of sequences differ, or the references are empty.
    """
    if len(found) != len(references):
        raise UserError(
            f"{len(found)} sequences for {len(references)} references: give equal numbers"
        )
    length = sum(map(len, references))
    if not length:
        raise UserError("nothing to score: the references are empty")
    edits = sum(edit_distance(a, b) for a, b in zip(found, references, strict=True))
    return Score(f"{unit} error rate", 100 * edits / length, f"percent|{unit}|corpus|n:{length}")


def edit_distance(a: Sequence, b: Sequence) -> int:
    """The least number of substitutions, insertions and deletions from a to b (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            least = min(diagonal + (left != other), row[j] + 1, row[j - 1] + 1)
            diagonal, row[j] = row[j], least
    return row[-1]
