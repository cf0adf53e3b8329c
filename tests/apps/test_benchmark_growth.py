"""The growth benchmark: powers of known curves, the picture, one step and one search."""

import pytest

from tests.benchmarks import growth

SMALL = {"units": 4, "length": 3, "vocabulary": 20, "batch": 2, "beam": 2}


def test_powers_of_a_parabola_and_a_late_start(tmp_path):
    seconds = {}
    for name, (values, _) in growth.SIZES.items():
        seconds |= {(name, value): float(value) ** 2 for value in values}
    assert growth.powers(seconds, "units") == pytest.approx((2, 2))
    seconds |= {("batch", value): max(value, 32) / 1e3 for value in growth.SIZES["batch"][0]}
    assert growth.powers(seconds, "batch") == pytest.approx((1 / 3, 1))
    growth.draw(tmp_path / "growth.png", seconds)
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_gradients_and_whole_searches_are_measured(monkeypatch):
    monkeypatch.setattr(growth, "BASE", SMALL)
    assert growth.tokens(SMALL).shape == (2, 3)
    assert growth.training_step(SMALL)() > 0
    assert growth.search(SMALL)().shape == (2, 1)
