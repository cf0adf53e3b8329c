"""Precision, recall and F1 of spans, such as names, encoded as word tags (BIO, BIOES, BILOU)."""

import re

from ..errors import UserError
from .score import Score

TAG = re.compile(r"O|[BIESLU]-.+")


def are_spans(tags) -> bool:
    """Whether the tags encode spans: O, B-PER, I-PER and the like, not all of them O."""
    return all(map(TAG.fullmatch, tags)) and any(tag != "O" for tag in tags)


def spans(tags) -> list[tuple[str, int, int]]:
    """The spans of one sentence from its tags in BIO, BIOES or BILOU.

    A span begins at B, S or U, at a change of kind, and after an end; it ends after E, L, S and U.
    These are the rules of the CoNLL shared tasks, which also interpret inconsistent tags.

    Returns:
        List of (kind, begin, end), end exclusive.
    """
    found, open_ = [], False  # open_: whether the last span may continue
    for place, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if tag == "O":
            open_ = False
            continue
        if open_ and prefix in "IEL" and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1], place + 1)
        else:
            found.append((kind, place, place + 1))
        open_ = prefix in "BI"
    return found


def span_scores(found, references) -> dict[str, Score]:
    """Precision, recall and F1 of spans over all sentences, in percent.

    A span is correct if its kind, beginning and end are correct.

    Args:
        found, references: the tags of each sentence.

    Returns:
        span_precision, span_recall and span_f1 -> `Score`.

    Raises:
        UserError: the reference tags have no span.
    """
    pairs = [(set(spans(a)), set(spans(b))) for a, b in zip(found, references, strict=True)]
    both, guessed = sum(len(a & b) for a, b in pairs), sum(len(a) for a, _ in pairs)
    wanted = sum(len(b) for _, b in pairs)
    if not wanted:
        raise UserError("nothing to score: the reference tags have no span")
    values = {
        "span_precision": both / max(guessed, 1),
        "span_recall": both / wanted,
        "span_f1": 2 * both / (guessed + wanted),
    }
    return {n: Score(n, 100 * value, f"percent|spans:{wanted}") for n, value in values.items()}
