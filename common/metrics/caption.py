"""Caption scores with multiple references, as computed by coco-caption (Chen et al. 2015)."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from ..errors import UserError
from .coco_tokens import character_tokens, coco_tokens
from .score import Score

UNSPACED = ("zh", "ja")
ORDERS = range(1, 5)


def caption_scores(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], language: str = ""
) -> dict[str, Score]:
    """BLEU-1 to BLEU-4, ROUGE-L and CIDEr-D over a set of pictures, each 0 to 100.

    CIDEr-D is 0 to 1000, which is 100 times the value of the paper. Both sides are tokenized by
    `coco_tokens`, for the languages zh and ja by characters.

    Args:
        hypotheses: one caption per picture.
        references: the reference captions of each picture.
        language: code such as "en".

    Returns:
        bleu1 ... bleu4, rouge_l and cider_d -> `Score`.

    Raises:
        UserError: counts differ, there is no picture, or a picture has no reference.
    """
    if not hypotheses:
        raise UserError("nothing to score: there are no captions")
    if len(hypotheses) != len(references):
        raise UserError(
            f"{len(hypotheses)} captions, but references for {len(references)} pictures: give one "
            "caption per picture"
        )
    if not all(references):
        raise UserError("a picture has no reference caption: leave it out")
    name, cut = tokenizer_of(language)
    found = [cut(text) for text in hypotheses]
    wanted = [[cut(text) for text in texts] for texts in references]
    most = max(map(len, references))
    protocol = f"refs:{most}|tok:{name}|n:{len(found)}"
    scores = {
        f"bleu{n}": Score(f"BLEU-{n}", value, f"bleu-{n}|closest|{protocol}")
        for n, value in enumerate(corpus_bleu(found, wanted), 1)
    }
    scores["rouge_l"] = Score("ROUGE-L", rouge_l(found, wanted), f"rouge-l|beta:1.2|{protocol}")
    scores["cider_d"] = Score(
        "CIDEr-D", cider_d(found, wanted), f"cider-d|x100|sigma:6|df:references|{protocol}"
    )
    return scores


def tokenizer_of(language):
    """(name, function) of the tokenizer for captions of a language."""
    return ("char", character_tokens) if language[:2] in UNSPACED else ("coco", coco_tokens)


def ngrams(tokens, n) -> Counter:
    """Counts of the n-grams of a list of tokens, as tuples."""
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def corpus_bleu(hypotheses, references) -> list[float]:
    """BLEU-1 to BLEU-4 of token lists, 0 to 100 (Papineni et al. 2002).

    p_n is the corpus precision of n-grams, each clipped to its largest count in any one reference;
    the reference length of a sentence is the length closest to its own, ties to the shorter. The
    constants 1e-15 and 1e-9 are those of coco-caption, against division by 0.

    Args:
        hypotheses: one token list per picture.
        references: the list of reference token lists of each picture.
    """
    correct, guessed, length, reference_length = [0] * 4, [0] * 4, 0, 0
    for tokens, wanted in zip(hypotheses, references, strict=True):
        length += len(tokens)
        reference_length += min((abs(len(one) - len(tokens)), len(one)) for one in wanted)[1]
        for n in ORDERS:
            most = Counter()
            for one in wanted:
                most |= ngrams(one, n)
            found = ngrams(tokens, n)
            correct[n - 1] += (found & most).total()
            guessed[n - 1] += found.total()
    ratio = (length + 1e-15) / (reference_length + 1e-9)
    brevity = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    product, values = 1.0, []
    for n in ORDERS:
        product *= (correct[n - 1] + 1e-15) / (guessed[n - 1] + 1e-9)
        values.append(100 * brevity * product ** (1 / n))
    return values


def rouge_l(hypotheses, references) -> float:
    """Mean F measure of the longest common subsequence, 0 to 100 (Lin 2004).

    F = (1 + b^2) P R / (R + b^2 P), b = 1.2, with P and R each the best over the references.
    Arguments as for `corpus_bleu`.
    """
    total, beta = 0.0, 1.2**2
    for tokens, wanted in zip(hypotheses, references, strict=True):
        common = [longest_common(tokens, one) for one in wanted]
        precision = max(common) / max(len(tokens), 1)
        recall = max(c / max(len(one), 1) for c, one in zip(common, wanted, strict=True))
        if precision and recall:
            total += (1 + beta) * precision * recall / (recall + beta * precision)
    return 100 * total / len(hypotheses)


def longest_common(one, other) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = 0  # the cell up and to the left
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], before + 1 if a == b else max(row[j], row[j - 1])
    return row[-1]


def cider_d(hypotheses, references) -> float:
    """Mean CIDEr-D times 100 (Vedantam et al. 2015).

    The mean over n = 1 .. 4 and the references r of a picture of

        10 exp(-(l_h - l_r)^2 / (2 * 6^2)) min(g(h), g(r)) . g(r) / (|g(h)| |g(r)|)

    where g weights each n-gram by its count times log(pictures / pictures whose references have
    it). The lengths l are counted in bigrams, as in the authors' program. Arguments as for
    `corpus_bleu`.
    """
    document = Counter()
    for wanted in references:
        document.update({gram for one in wanted for n in ORDERS for gram in ngrams(one, n)})
    pictures = math.log(len(references))

    def weighted(tokens):
        vectors = defaultdict(dict)
        for n in ORDERS:
            for gram, count in ngrams(tokens, n).items():
                vectors[n][gram] = count * (pictures - math.log(max(1, document[gram])))
        norms = {n: math.sqrt(sum(v * v for v in vectors[n].values())) for n in ORDERS}
        return vectors, norms, max(0, len(tokens) - 1)

    def similarity(one, other):
        (a, a_norm, a_length), (b, b_norm, b_length) = one, other
        total = 0.0
        for n in ORDERS:
            if a_norm[n] and b_norm[n]:
                product = sum(min(v, b[n].get(g, 0)) * b[n].get(g, 0) for g, v in a[n].items())
                total += product / (a_norm[n] * b_norm[n])
        return total / 4 * math.exp(-((a_length - b_length) ** 2) / 72)

    total = 0.0
    for tokens, wanted in zip(hypotheses, references, strict=True):
        found = weighted(tokens)
        total += sum(similarity(found, weighted(one)) for one in wanted) / len(wanted)
    return 1000 * total / len(hypotheses)
