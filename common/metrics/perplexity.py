"""Scores of a model's probabilities."""

import math

from ..errors import UserError
from .score import Score


def perplexity(total_negative_log_likelihood: float, tokens: int) -> Score:
    """exp(nll / tokens), nll in nats summed over `tokens` predicted tokens; overflow gives inf.

    Padding must be out of both numbers. Perplexities compare only over the same tokens, so the
    signature counts them. Errors: `UserError` when there is no token.
    """
    if tokens <= 0:
        raise UserError("perplexity of no tokens: the data are empty; give at least one sentence")
    try:
        value = math.exp(float(total_negative_log_likelihood) / int(tokens))
    except OverflowError:
        value = math.inf
    return Score("perplexity", value, f"exp(nll/tokens)|unit:token|tokens:{int(tokens)}")
