"""Tagging scores: of all, known and unknown words, whole sentences, and raw text."""

from collections import Counter
from itertools import accumulate, chain

from common.metrics import Score, accuracy, confusion, macro_f1
from common.metrics.spans import are_spans, span_scores


def of_tags(found, references, words, known):
    """Scores of tags on reference words; all arguments are lists with a list for each sentence.

    Args:
        known: the words of training, as written; None: unavailable.
    """
    pairs = list(zip(chain(*found), chain(*references), chain(*words), strict=True))
    parts = {"accuracy": pairs}
    if known is not None:
        parts["accuracy_known"] = [pair for pair in pairs if pair[2] in known]
        parts["accuracy_unknown"] = [pair for pair in pairs if pair[2] not in known]
    scores = {
        name: accuracy(*list(zip(*part, strict=True))[:2]) for name, part in parts.items() if part
    }
    scores["sentence_accuracy"] = accuracy(list(map(tuple, found)), list(map(tuple, references)))
    scores["macro_f1"] = macro_f1(*list(zip(*pairs, strict=True))[:2])
    return scores | (span_scores(found, references) if are_spans(set(chain(*references))) else {})


def of_raw_text(found, sentences):
    """F1 of words, and of words with their tags, when the program splits the text into words.

    A word is correct if it begins and ends at the same characters, not counting spaces.
    """
    hits = {"cutting_f1": 0, "raw_f1": 0}
    for one, sentence in zip(found, sentences, strict=True):
        places = spans(one.words), spans(sentence.words)
        hits["cutting_f1"] += len(set(places[0]) & set(places[1]))
        both = [
            set(zip(place, tags, strict=True))
            for place, tags in zip(places, (one.tags, sentence.tags), strict=True)
        ]
        hits["raw_f1"] += len(both[0] & both[1])
    total = sum(len(one.words) for one in found) + sum(len(s.words) for s in sentences)
    signature = f"percent|from raw text|n:{sum(len(s.words) for s in sentences)}"
    return {name: Score(name, 200 * count / total, signature) for name, count in hits.items()}


def spans(words):
    """(begin, end) of each word in the text without spaces."""
    ends = list(accumulate(len("".join(word.split())) for word in words))
    return list(zip([0, *ends[:-1]], ends, strict=True))


def matrix(found, references):
    """(tags by decreasing frequency, counts [reference, found])."""
    found, references = list(chain(*found)), list(chain(*references))
    labels = [tag for tag, _ in Counter(references).most_common()]
    labels += sorted(set(found) - set(labels))
    return labels, confusion(found, references, labels)


def table(found, references) -> str:
    """A line for each tag: its counts in reference, output and both, F1, and its confusions."""
    labels, counts = matrix(found, references)
    lines = ["tag\tright\tfound\tboth\tf1\tmost often taken for"]
    for n, label in enumerate(labels):
        expected, guessed, both = counts[n].sum(), counts[:, n].sum(), counts[n, n]
        wrong = sorted((-c, labels[k]) for k, c in enumerate(counts[n]) if c and k != n)[:3]
        wrong = ", ".join(f"{other} {-c}" for c, other in wrong)
        f1 = 200 * both / max(expected + guessed, 1)
        lines.append(f"{label}\t{expected}\t{guessed}\t{both}\t{f1:.1f}\t{wrong}")
    return "\n".join(lines) + "\n"
