"""Expected calibration error compared with a calculation by hand."""

import pytest

from common.errors import UserError
from common.metrics import calibration_error


def test_worked_by_hand():
    # Parts of a tenth: (0.9, 1] has 0.95, 0.97 of which one is right; (0.5, 0.6] has 0.55, right.
    score = calibration_error([0.95, 0.97, 0.55], [True, False, True], bins=10)
    expected = 100 * (2 * abs(0.5 - 0.96) + abs(1 - 0.55)) / 3
    assert score.value == pytest.approx(expected)
    assert score.signature == "percent|bins:10|n:3"


def test_perfect_and_edges():
    assert calibration_error([1.0, 0.0], [True, False]).value == 0
    assert calibration_error([1.0, 1.0], [True, False]).value == pytest.approx(50)
    # Within a bin, overconfidence and underconfidence cancel out.
    assert calibration_error([0.81, 0.85], [True, False], bins=2).value == pytest.approx(33)


def test_nothing_is_an_error():
    for confidences, correct in ([], []), ([0.5], []):
        with pytest.raises(UserError):
            calibration_error(confidences, correct)
