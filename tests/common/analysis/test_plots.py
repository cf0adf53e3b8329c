"""Pictures are written whole, are small, and report characters that cannot be drawn."""

import math
import warnings

import numpy as np
import pytest

from common.analysis import attention_map, plots, training_curve


def pixels(path) -> np.ndarray:
    from matplotlib.image import imread

    return imread(path)[..., :3]  # [height, width, rgb]


def shows(path, color) -> bool:
    from matplotlib.colors import to_rgb

    return bool((np.abs(pixels(path) - to_rgb(color)).max(-1) < 0.02).any())


def history(steps: int) -> list[dict]:
    rows = [
        {"kind": "train", "step": s, "loss": 5 / s + 1 + 0.1 * math.sin(s), "lr": 1e-3}
        for s in range(1, steps + 1)
    ]
    return rows + [
        {"kind": "validation", "step": s, "loss": 5 / s + 1.2, "bleu": 30 - 20 / s}
        for s in range(10, steps + 1, 10)
    ]


@pytest.mark.parametrize("steps", [3, 50, 5000])
def test_training_curve(tmp_path, steps):
    path = tmp_path / "plots" / "curve.png"
    training_curve(path, history(steps), "bleu")
    assert path.stat().st_size < 300_000
    assert shows(path, plots.BLUE)
    assert shows(path, plots.ORANGE) == (steps >= 10)
    assert [file.name for file in path.parent.iterdir()] == ["curve.png"]


def test_training_curve_of_odd_rows(tmp_path):
    rows = [{"kind": "train", "step": 1, "loss": math.nan}, {"kind": "note"}]
    training_curve(tmp_path / "none.png", rows, "bleu")
    training_curve(tmp_path / "none.png", [], "bleu")
    rows += [{"kind": "validation", "step": 2, "loss": 1.0, "perplexity": None}]
    training_curve(tmp_path / "one.png", rows, "perplexity")
    assert not shows(tmp_path / "one.png", plots.ORANGE)


def test_thinning_and_smoothing_keep_the_mean():
    steps, values = plots.thinned(list(range(10_000)), [1.0, 3.0] * 5000)
    assert len(steps) == len(values) <= plots.MOST_POINTS
    assert np.mean(values) == pytest.approx(2)
    assert plots.smoothed([1.0] * 50) == [1.0] * 50


def test_attention_map_has_rows_down_and_columns_across(tmp_path):
    path = tmp_path / "map.png"
    attention = np.zeros([2, 6])
    attention[1, 5] = 1  # last row, last column: dark at the lower right
    assert attention_map(path, attention, ["▁ein", "</s>"], list("abcde") + [" "]) == []
    image = pixels(path)
    height, width = image.shape[:2]
    image = image[:, : int(width * 0.8)]  # without the colour bar
    dark = np.argwhere((image[..., 2] - image[..., 0] > 0.3) & (image.mean(-1) < 0.3))
    assert dark[:, 0].mean() > height * 0.6 and dark[:, 1].mean() > width * 0.5
    assert [file.name for file in tmp_path.iterdir()] == ["map.png"]


def test_attention_map_is_wider_for_a_longer_source(tmp_path):
    attention_map(tmp_path / "a.png", np.ones([3, 12]) / 12, list("abc"), list("abcdefghijkl"))
    attention_map(tmp_path / "b.png", np.ones([12, 3]) / 3, list("abcdefghijkl"), list("abc"))
    wide, tall = pixels(tmp_path / "a.png").shape, pixels(tmp_path / "b.png").shape
    assert wide[1] > wide[0] and tall[0] > tall[1]


def test_missing_glyphs_are_told(tmp_path, monkeypatch):
    from matplotlib import font_manager

    only = [f for f in font_manager.fontManager.ttflist if f.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", only)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = attention_map(tmp_path / "a.png", [[0.5, 0.5]], ["你好"], ["x", "ü"], "title 你")
    assert told == ["no installed font shows 你好: install e.g. fonts-noto-cjk"]
    assert attention_map(tmp_path / "b.png", [[0.5, 0.5]], ["▁ß"], ["$x$", "y_{"]) == []


def test_attention_of_another_shape_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="labels"):
        attention_map(tmp_path / "a.png", np.ones([2, 3]), ["a"], ["b", "c", "d"])
    warnings = attention_map(tmp_path / "a.png", np.ones([0, 2]), [], ["b", "c"])
    assert "no values" in warnings[0]
    assert not list(tmp_path.iterdir())
