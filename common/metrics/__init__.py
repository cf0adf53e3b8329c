"""Scores: each is a value and a signature that says how it was measured."""

from common.metrics.language import bits_per_character, character_perplexity, word_perplexity
from common.metrics.likelihood import perplexity
from common.metrics.score import Score
from common.metrics.translation import bleu, chrf, tokenized_bleu

__all__ = [
    "Score",
    "bits_per_character",
    "bleu",
    "character_perplexity",
    "chrf",
    "perplexity",
    "tokenized_bleu",
    "word_perplexity",
]
