"""How a summary says it: what is new, what is repeated, how long it is. No reference needed."""

import re
from collections.abc import Sequence

from ..errors import UserError
from .score import Score

WORD = re.compile(r"\w+")


def abstraction(
    summaries: Sequence[str], sources: Sequence[str], references: Sequence[str]
) -> dict[str, Score]:
    """Percentages over all summaries together; words are runs of letters, digits, `_`, lower-cased.

    novel_1 ... novel_3: n-grams of the summaries that their sources do not have (See et al. 2017).
    copied: words of the summaries that their sources have, which is 100 - novel_1.
    repeated: bigrams that stood in the same summary before.
    length_ratio: words of the summaries for 100 words of the references.
    """
    if not len(summaries) == len(sources) == len(references):
        raise UserError("summaries, sources and references must be equally many")
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
