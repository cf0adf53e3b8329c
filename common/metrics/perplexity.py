"""Perplexity per token."""

import math

from ..errors import UserError
from .score import Score


def perplexity(total_negative_log_likelihood: float, tokens: int) -> Score:
    """exp(nll / tokens); overflow gives inf.

    Perplexities are comparable only over the same tokens, so the signature counts them.

    Args:
        total_negative_log_likelihood: in nats, summed over the predicted tokens, without padding.
        tokens: number of predicted tokens, without padding.

    Raises:
        UserError: there are no tokens.
    """
    if tokens <= 0:
        raise UserError("perplexity of no tokens: the data is empty; give at least one sentence")
    try:
        value = math.exp(float(total_negative_log_likelihood) / int(tokens))
    except OverflowError:
        value = math.inf
    return Score("perplexity", value, f"exp(nll/tokens)|unit:token|tokens:{int(tokens)}")
