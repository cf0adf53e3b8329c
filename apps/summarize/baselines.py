"""Baselines: summaries made of the document's own sentences, and an upper bound for such picks."""

import re
from collections import Counter

from common.metrics.abstraction import ngrams
from common.text import SENTENCE_END

ORACLE_SENTENCES = 3


def sentences(text):
    """The sentences of a text; line breaks and breaks between documents end a sentence too."""
    lines = re.split(r"[\n\r\f]+", text)
    return [part.strip() for line in lines for part in SENTENCE_END.split(line) if part.strip()]


def lead(text, count):
    """The first `count` sentences."""
    return "\n".join(sentences(text)[:count])


def longest(text, count):
    """The `count` longest sentences, longest first (Gliwa et al. 2019)."""
    return "\n".join(sorted(sentences(text), key=len, reverse=True)[:count])


def oracle(text, references, count=ORACLE_SENTENCES):
    """Sentences picked greedily by their overlap with the references (Nallapati et al. 2017).

    Adds a sentence while the sum of the F1 of words and of word pairs rises, and keeps the order
    of the text.
    """
    parts = sentences(text)
    words = [re.findall("[a-z0-9]+", part.lower()) for part in parts]
    wanted = [re.findall("[a-z0-9]+", reference.lower()) for reference in references]
    chosen, best = [], 0.0
    while len(chosen) < count:
        rest = [n for n in range(len(parts)) if n not in chosen]
        scored = [(_score(words, sorted([*chosen, n]), wanted), -n) for n in rest]
        if not scored or max(scored)[0] <= best:
            break
        best, n = max(scored)
        chosen.append(-n)
    return "\n".join(parts[n] for n in sorted(chosen))


def _score(words, numbers, references):
    said = sum((words[n] for n in numbers), [])
    return max(sum(_f1(ngrams(said, n), ngrams(one, n)) for n in (1, 2)) for one in references)


def _f1(one, other):
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other)) if common else 0.0


BASELINES = {
    "lead_1": lambda text, _: lead(text, 1),
    "lead_3": lambda text, _: lead(text, 3),
    "longest_1": lambda text, _: longest(text, 1),
    "longest_3": lambda text, _: longest(text, 3),
    "oracle": oracle,
}
