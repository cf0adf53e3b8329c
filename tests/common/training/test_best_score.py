"""Chooses the best of a sequence of validations, and the handling of best.npz."""

import math

import pytest

from common.training import BestScore, Position
from common.training.best_score import Decision

BETTER, KEPT, NO = (True, True, False), (False, True, False), (False, False, False)
ASIDE = (True, True, True)  # the plan's best weights are set aside

# For each validation: score, loss, planned; the decision; then best, record, bad_validations.
TABLES = {
    "higher is better": [
        ((1.0, 5.0, True), BETTER, (1.0, 1.0, 0)),
        ((0.5, 4.0, True), NO, (1.0, 1.0, 1)),
        ((0.9, 3.0, True), NO, (1.0, 1.0, 2)),
        ((1.1, 9.0, True), BETTER, (1.1, 1.1, 0)),
    ],
    "of equal scores the lower loss is better": [
        ((0.0, 5.0, True), BETTER, (0.0, 0.0, 0)),
        ((0.0, 4.0, True), BETTER, (0.0, 0.0, 0)),
        ((0.0, 4.0, True), NO, (0.0, 0.0, 1)),
        ((0.0, 4.5, True), NO, (0.0, 0.0, 2)),
        ((0.0, 3.0, True), BETTER, (0.0, 0.0, 0)),
    ],
    "no number is never better, the first is kept": [
        ((math.nan, 5.0, True), KEPT, (math.nan, None, 1)),
        ((-math.inf, 4.0, True), NO, (None, None, 2)),
        ((math.inf, 4.0, True), KEPT, (math.inf, None, 3)),
        ((2.0, 3.0, True), BETTER, (2.0, 2.0, 0)),
        ((math.nan, 1.0, True), NO, (2.0, 2.0, 1)),
    ],
    "a stop in mid-epoch does not count": [
        ((0.8, 5.0, True), BETTER, (0.8, 0.8, 0)),
        ((0.7, 5.0, False), NO, (0.8, 0.8, 0)),
        ((0.8, 1.0, False), NO, (0.8, 0.8, 0)),
        ((0.9, 5.0, False), ASIDE, (0.9, 0.8, 0)),
        ((0.85, 5.0, False), NO, (0.9, 0.8, 0)),
        ((0.95, 5.0, False), ASIDE, (0.95, 0.8, 0)),
        ((0.79, 5.0, True), NO, (0.8, 0.8, 1)),
    ],
    "what a stop found gives way to a better epoch": [
        ((0.8, 5.0, True), BETTER, (0.8, 0.8, 0)),
        ((0.9, 5.0, False), ASIDE, (0.9, 0.8, 0)),
        ((0.85, 5.0, True), BETTER, (0.85, 0.85, 0)),
    ],
    "a stop before the first epoch is over": [
        ((0.9, 5.0, False), BETTER, (0.9, None, 0)),
        ((0.2, 5.0, True), BETTER, (0.2, 0.2, 0)),
    ],
}


@pytest.mark.parametrize("name", TABLES)
def test_decisions(name):
    for sign, lower_is_better in ((1, False), (-1, True)):
        scores = BestScore(lower_is_better)
        for (score, loss, planned), decision, (best, record, bad) in TABLES[name]:
            assert scores.observe(sign * score, loss, planned) == Decision(*decision)
            found = scores.best, scores.record
            expected = [value if value is None else sign * value for value in (best, record)]
            assert found == pytest.approx(tuple(expected), nan_ok=True)
            assert scores.bad_validations == bad


def test_a_checkpoint_resumes():
    position = Position(epoch=2, step=7, scores=BestScore(True))
    position.scores.observe(0.5, 2.0, True)
    position.scores.observe(0.6, 2.0, True)
    stored = position.stored()
    assert Position.read(stored, True) == position
    with pytest.raises(TypeError):
        Position.read({**stored, "momentum": 0.9}, True)


def test_an_old_checkpoint_resumes():
    """Names in the checkpoints of all runs so far."""
    stored = {
        "epoch": 1,
        "batch": 0,
        "step": 5,
        "first_loss": 2.5,
        "best": 0.8,
        "record": 0.8,
        "record_loss": 1.5,
        "bad_validations": 3,
        "plateau_scale": 0.5,
        "validated": 5,
        "seconds": 9.5,
        "finished": "",
    }
    position = Position.read(stored, lower_is_better=False)
    assert position.scores == BestScore(False, 0.8, 0.8, 1.5, 3)
    assert position.stored().keys() == stored.keys()
