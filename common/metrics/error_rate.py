"""The error rate of speech recognition, over characters or words."""

from collections.abc import Sequence

from ..errors import UserError
from .score import Score


def error_rate(found: Sequence[Sequence], right: Sequence[Sequence], unit="char") -> Score:
    """100 * (substitutions + insertions + deletions) / length of the right sequences, over the
    corpus; it can exceed 100.

    Args:
        found, right: strings, or lists of words.
        unit: what a position holds, for the signature.
    """
    if len(found) != len(right):
        raise UserError(f"{len(found)} sequences were found for {len(right)}")
    length = sum(map(len, right))
    if not length:
        raise UserError("nothing to score: the right sequences are empty")
    edits = sum(edit_distance(a, b) for a, b in zip(found, right, strict=True))
    return Score(f"{unit} error rate", 100 * edits / length, f"percent|{unit}|corpus|n:{length}")


def edit_distance(a: Sequence, b: Sequence) -> int:
    """Least number of substitutions, insertions and deletions that make b of a (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            least = min(diagonal + (left != other), row[j] + 1, row[j - 1] + 1)
            diagonal, row[j] = row[j], least
    return row[-1]
