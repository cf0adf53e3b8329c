"""Scores: each is a value and a signature that says how it was measured."""

from common.metrics.abstraction import abstraction
from common.metrics.likelihood import perplexity
from common.metrics.rouge import rouge
from common.metrics.score import Score
from common.metrics.translation import bleu, chrf, tokenized_bleu

__all__ = ["Score", "abstraction", "bleu", "chrf", "perplexity", "rouge", "tokenized_bleu"]
