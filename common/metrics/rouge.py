"""ROUGE (Lin 2004), the F measures of summarisation, computed by rouge-score."""

import importlib.metadata
import re
from collections.abc import Sequence

from ..errors import UserError
from ..text.sentence_split import SENTENCE_END
from .score import Score

KINDS = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def rouge(
    hypotheses: Sequence[str],
    references: Sequence[str] | Sequence[Sequence[str]],
    stemmer: bool = True,
    kinds: Sequence[str] = KINDS,
) -> dict[str, Score]:
    """Mean F1, 0 to 100, of each kind: overlap of words, of word pairs, longest common subsequence
    over the whole text (L) and by sentence (Lsum).

    Words are runs of a-z and 0-9 after lower-casing: text in another script scores 0.

    Args:
        hypotheses: the summaries.
        references: one string per text, or a list of strings, of which the best counts.
        stemmer: apply Porter's stemmer to words of more than three letters.
        kinds: the kinds to compute.

    Raises:
        UserError: the counts differ, or there is nothing to score.
    """
    from rouge_score.rouge_scorer import RougeScorer

    if not hypotheses:
        raise UserError("nothing to score: there are no summaries")
    if len(hypotheses) != len(references):
        raise UserError(
            f"{len(hypotheses)} summaries, but {len(references)} references: give equal numbers"
        )
    references = [[row] if isinstance(row, str) else list(row) for row in references]
    if not all(references):
        raise UserError("a text has no reference: give at least one")
    scorer = RougeScorer(list(kinds), use_stemmer=stemmer)
    sums = dict.fromkeys(kinds, 0.0)
    for hypothesis, targets in zip(hypotheses, references, strict=True):
        targets = [by_sentences(target) for target in targets]
        found = scorer.score_multi(targets, by_sentences(hypothesis))
        for kind in kinds:
            sums[kind] += found[kind].fmeasure
    counts = sorted({len(row) for row in references})
    refs = "-".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    version = importlib.metadata.version("rouge-score")
    signature = f"F1|mean|refs:{refs}{'|best' if counts[-1] > 1 else ''}|"
    signature += f"stemmer:{'yes' if stemmer else 'no'}|rouge-score:{version}"
    return {
        kind: Score(kind, 100 * total / len(hypotheses), signature) for kind, total in sums.items()
    }


def by_sentences(text: str) -> str:
    """Puts one sentence on a line, as ROUGE-Lsum requires; existing line breaks stay."""
    return re.sub(r"\n+", "\n", SENTENCE_END.sub("\n", text))
