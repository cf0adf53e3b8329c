"""Calibration: whether confidences match the accuracy of the answers."""

from collections.abc import Sequence

import numpy as np

from ..errors import UserError
from .score import Score


def calibration_error(confidences: Sequence[float], correct: Sequence[bool], bins=15) -> Score:
    """Expected calibration error (Guo et al. 2017) in percent:  100 sum_b n_b / n |a_b - c_b|

    over `bins` equal intervals of [0, 1]; interval b holds n_b answers with mean confidence c_b and
    accuracy a_b.

    Args:
        confidences: the probability of each answer.
        correct: whether each answer is correct.
        bins: number of intervals.

    Raises:
        UserError: there are no answers, or the numbers differ.
    """
    if len(confidences) != len(correct) or not len(correct):
        raise UserError(
            f"{len(confidences)} confidences for {len(correct)} answers: nothing to score"
        )
    confidences = np.asarray(confidences, float)
    place = np.clip(np.ceil(confidences * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(place, np.asarray(correct, float) - confidences, minlength=bins)
    value = 100 * np.abs(gaps).sum() / len(confidences)
    return Score("calibration error", value, f"percent|bins:{bins}|n:{len(confidences)}")
