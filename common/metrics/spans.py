"""Precision, recall and F1 of spans, such as names, that are written as tags of words."""

import re

from ..errors import UserError
from .score import Score

TAG = re.compile(r"O|[BIESLU]-.+")


def are_spans(tags) -> bool:
    """Whether these are tags of spans: O, and B-PER, I-PER and the like."""
    return all(map(TAG.fullmatch, tags)) and any(tag != "O" for tag in tags)


def spans(tags) -> list[tuple[str, int, int]]:
    """(kind, begin, end) of each span of one sentence's tags in BIO, BIOES or BILOU.

    A span begins at B, S or U, at any tag of another kind than the one before, and after an end;
    it ends behind E, L, S and U: the rules of the CoNLL shared tasks, which take tags that do not
    fit together for the spans that they come nearest to.
    """
    found, open_ = [], False  # whether the last span may go on
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
    """Precision, recall and F1 of the spans in sentences of tags.

    A span is correct if its kind, beginning and end are.

    Errors: `UserError` when the reference tags have no span.
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
