"""Evaluation metrics; each returns a `Score`, a value with a signature of how it was measured.

Offers perplexities and bits per character, BLEU and chrF, ROUGE, error rates, accuracy, macro F1
and confusion counts, calibration error, and measures of abstraction. Further modules: `caption`
(BLEU-n, ROUGE-L and CIDEr-D as in coco-caption) and `spans` (F1 of tagged spans)."""

from .abstraction import abstraction
from .calibration import calibration_error
from .error_rate import error_rate
from .labels import accuracy, confusion, macro_f1
from .language import bits_per_character, character_perplexity, word_perplexity
from .perplexity import perplexity
from .rouge import rouge
from .score import Score
from .translation import bleu, chrf, tokenized_bleu

__all__ = [
    "Score",
    "abstraction",
    "accuracy",
    "bits_per_character",
    "bleu",
    "calibration_error",
    "character_perplexity",
    "chrf",
    "confusion",
    "error_rate",
    "macro_f1",
    "perplexity",
    "rouge",
    "tokenized_bleu",
    "word_perplexity",
]
