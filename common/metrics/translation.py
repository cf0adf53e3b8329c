"""Corpus-level translation scores, computed by sacrebleu (Post 2018)."""

from collections.abc import Callable, Sequence
from functools import cache

from sacrebleu.metrics import BLEU, CHRF

from ..errors import UserError
from .score import Score

MOSES_LANGUAGES = ("en", "de", "fr")
UNSPACED = {"zh": "zh", "ja": "char"}  # written without spaces: tokenizers of sacrebleu

References = Sequence[str] | Sequence[Sequence[str]]


def bleu(
    hypotheses: Sequence[str],
    references: References,
    lowercase: bool = False,
    language: str = "",
) -> Score:
    """Corpus BLEU-4, 0 to 100, of plain detokenized text (Papineni et al. 2002).

        BLEU = 100 · min(1, exp(1 - r / c)) · exp(Σ_n log p_n / 4),   n = 1 .. 4

    with p_n the clipped n-gram precision, r and c the lengths of reference and hypothesis.

    Args:
        hypotheses: one string per sentence.
        references: one string per sentence, or a list of strings.
        lowercase: ignore case.
        language: "zh" and "ja" are split into characters by sacrebleu; all others use its
            tokenizer 13a.

    Raises:
        UserError: the counts differ, or there is nothing to score.
    """
    metric = BLEU(lowercase=lowercase, tokenize=UNSPACED.get(language[:2], "13a"))
    return _score("BLEU", metric, hypotheses, _streams(hypotheses, references))


def chrf(hypotheses: Sequence[str], references: References) -> Score:
    """chrF2, 0 to 100: F score of character 1- to 6-grams, recall weighted twice (Popović 2015).

    Arguments and errors as for `bleu`.
    """
    return _score("chrF", CHRF(), hypotheses, _streams(hypotheses, references))


def tokenized_bleu(hypotheses: Sequence[str], references: References, language: str) -> Score:
    """BLEU-4 as reported in the Multi30k papers: lower-cased, normalised, Moses-tokenized.

    `lowercase.perl | normalize-punctuation.perl -l LANG | tokenizer.perl -l LANG`, by sacremoses,
    then n-grams of space-separated tokens. Comparable only with other `tokenized_bleu`, never with
    `bleu`. Arguments and errors as for `bleu`.

    Args:
        language: en, de or fr; others use the rules of en; zh and ja are lower-cased and
            tokenized by sacrebleu.
    """
    streams = _streams(hypotheses, references)
    if language[:2] in UNSPACED:
        metric = BLEU(lowercase=True, tokenize=UNSPACED[language[:2]])
        return _score("tokenized BLEU", metric, hypotheses, streams)
    import sacremoses

    rules = language if language in MOSES_LANGUAGES else "en"
    tokenize = moses_tokenizer(rules)
    streams = [[None if text is None else tokenize(text) for text in one] for one in streams]
    # force: no warning of sacrebleu about tokenized text, which is intended here.
    metric = BLEU(lowercase=True, tokenize="none", force=True)
    protocol = f"lc|normalised|moses:{rules}|sacremoses:{sacremoses.__version__}|"
    return _score(
        "tokenized BLEU", metric, [tokenize(text) for text in hypotheses], streams, protocol
    )


@cache
def moses_tokenizer(language: str) -> Callable[[str], str]:
    """A function from text to space-separated words, tokenized like the Moses scripts."""
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    normalizer = MosesPunctNormalizer(language, perl_parity=True)
    tokenizer = MosesTokenizer(language)
    return lambda text: tokenizer.tokenize(normalizer.normalize(text.lower()), return_str=True)


def _streams(hypotheses, references) -> list[list[str | None]]:
    """A list for each reference index, as sacrebleu expects; None where a sentence has fewer."""
    if not hypotheses:
        raise UserError("nothing to score: there are no sentences")
    if len(hypotheses) != len(references):
        raise UserError(
            f"{len(hypotheses)} hypotheses, but {len(references)} references: give one line each"
        )
    rows = [[row] if isinstance(row, str) else list(row) for row in references]
    for number, row in enumerate(rows, 1):
        if not row:
            raise UserError(f"sentence {number} has no reference: give at least one")
    most = max(map(len, rows))
    return [[row[i] if i < len(row) else None for row in rows] for i in range(most)]


def _score(name, metric, hypotheses, streams, protocol="") -> Score:
    value = metric.corpus_score(list(hypotheses), streams).score
    return Score(name, float(value), protocol + str(metric.get_signature()))
