"""Abstractiveness of summaries: novel n-grams, copied words, repetitions, and relative length."""

import re
from collections.abc import Sequence

from ..errors import UserError
from .score import Score

WORD = re.compile(r"\w+")


def abstraction(
    summaries: Sequence[str], sources: Sequence[str], references: Sequence[str]
) -> dict[str, Score]:
    """Percentages over the corpus; words are lower-cased runs of letters, digits and `_`.

    Args:
        summaries, sources, references: aligned texts.

    Returns:
        novel_1 ... novel_3: n-grams of the summaries that are not in their sources (See et al.
        2017); copied: words of the summaries that are in their sources, 100 - novel_1; repeated:
        bigrams that occur earlier in the same summary; length_ratio: words of the summaries per 100
        words of the references.

    Raises:
        UserError: the numbers of texts differ.
    """
    if not len(summaries) == len(sources) == len(references):
        raise UserError(
            f"{len(summaries)} summaries, {len(sources)} sources and {len(references)} references: "
            "give equal numbers"
        )
    words = [[_words(text) for text in side] for side in (summaries, sources, references)]
    novel = {n: _share(words[0], words[1], n) for n in (1, 2, 3)}
    pairs = [ngrams(row, 2) for row in words[0]]
    bigrams = sum(map(len, pairs))
    repeated = bigrams - sum(len(set(row)) for row in pairs)
    written, wanted = (sum(map(len, words[i])) for i in (0, 2))
    values = {
        **{f"novel_{n}": share for n, share in novel.items()},
        "copied": 100 - novel[1] if written else 0.0,
        "repeated": 100 * repeated / bigrams if bigrams else 0.0,
        "length_ratio": 100 * written / wanted if wanted else 0.0,
    }
    signature = r"percent|corpus|words:\w+|case:lc"
    return {name: Score(name, value, signature) for name, value in values.items()}


def ngrams(words, n):
    """The n-grams of a list of words, in order, as tuples."""
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def _words(text):
    return WORD.findall(text.lower())


def _share(summaries, sources, n):
    total = new = 0
    for summary, source in zip(summaries, sources, strict=True):
        there = set(ngrams(source, n))
        found = ngrams(summary, n)
        total += len(found)
        new += sum(gram not in there for gram in found)
    return 100 * new / total if total else 0.0
