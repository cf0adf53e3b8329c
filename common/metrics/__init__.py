"""Scores: each is a value and a signature that says how it was measured."""

from common.metrics.abstraction import abstraction
from common.metrics.calibration import calibration_error
from common.metrics.edits import error_rate
from common.metrics.labels import accuracy, confusion, macro_f1
from common.metrics.language import bits_per_character, character_perplexity, word_perplexity
from common.metrics.likelihood import perplexity
from common.metrics.rouge import rouge
from common.metrics.score import Score
from common.metrics.translation import bleu, chrf, tokenized_bleu

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
