"""Plots of a run as PNG files: training curve, attention maps, confusion matrices.

matplotlib is used through its object interface (no global state, no window) and is imported only
when a plot is drawn.
"""

import math
import warnings
from pathlib import Path

from .. import files
from .fonts import font_families

BLUE, ORANGE, GREY = "#1f5fa8", "#d9730d", "#6b6b6b"
LABELS = {
    "bleu": "BLEU (0 to 100)",
    "chrf": "chrF (0 to 100)",
    "tokenized_bleu": "tokenized BLEU (0 to 100)",
    "rougeL": "ROUGE-L (0 to 100)",
    "perplexity": "perplexity (per token)",
    "accuracy": "accuracy (0 to 100)",
    "error_rate": "error rate (percent)",
}
LOWER_IS_BETTER = ("perplexity", "loss", "error")
MOST_POINTS = 2000
MOST_NUMBERS = 12  # labels up to which the cells of a confusion matrix show counts


def training_curve(path, rows: list[dict], metric: str) -> None:
    """Draws the loss (left axis, nats per token) and a validation metric (right) over steps.

    Args:
        path: of the PNG file.
        rows: measurements as in metrics.jsonl, {"kind": "train", "step", "loss"} and {"kind":
            "validation", "step", "loss", metric}; rows without a finite number are skipped.
        metric: name of the validation metric.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    left = figure.add_subplot()
    steps, losses = thinned(*_series(rows, "train", "loss"))
    # A smoothed line over the pale raw line: the noise of single batches hides the trend.
    smooth = len(losses) > 40
    style = "-" if len(losses) > 2 else "o-"
    left.plot(steps, losses, style, color=BLUE, linewidth=0.8, alpha=0.3 if smooth else 1)
    if smooth:
        left.plot(steps, smoothed(losses), color=BLUE, linewidth=1.8)
    valid_steps, valid_losses = _series(rows, "validation", "loss")
    left.plot(valid_steps, valid_losses, "o--", color=GREY, markersize=4, linewidth=1.2)
    left.set_xlabel("step (updates)")
    left.set_ylabel("loss (nats)", color=BLUE)
    left.tick_params(axis="y", colors=BLUE)
    left.xaxis.set_major_formatter("{x:,.0f}")
    left.xaxis.get_major_locator().set_params(integer=True)
    left.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    for side in ("top", "right", "left"):
        left.spines[side].set_visible(False)
    left.set_axisbelow(True)
    names = [("training loss", BLUE, "-")] if steps else []
    names += [("validation loss", GREY, "--")] if valid_steps else []

    metric_steps, values = _series(rows, "validation", metric)
    if metric_steps and metric != "loss":
        right = left.twinx()
        right.plot(metric_steps, values, "s-", color=ORANGE, markersize=4, linewidth=1.6)
        label = LABELS.get(metric, metric)
        right.set_ylabel(label, color=ORANGE)
        right.tick_params(axis="y", colors=ORANGE)
        right.margins(y=0.18)
        for side in ("top", "right", "left"):
            right.spines[side].set_visible(False)
        pick = min if any(word in metric for word in LOWER_IS_BETTER) else max
        best = values.index(pick(values))
        right.plot(metric_steps[best], values[best], "o", markersize=10, mfc="none", mec=ORANGE)
        name = f"validation {label.split(' (')[0]}, best {values[best]:.4g}"
        names.append((f"{name} at step {metric_steps[best]:,}", ORANGE, "-"))
    if not names:
        left.text(0.5, 0.5, "no step was logged", ha="center", transform=left.transAxes)
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=color, linestyle=style) for _, color, style in names]
    figure.legend(
        lines, [name for name, _, _ in names], loc="outside upper left", ncols=3, frameon=False
    )
    save_figure(figure, path)


def attention_map(
    path, attention, rows: list[str], columns: list[str], title: str = ""
) -> list[str]:
    """Draws attention weights, with the source on top.

    Args:
        path: of the PNG file.
        attention: `[len(rows), len(columns)]`, weights 0 to 1.
        rows: target tokens.
        columns: source tokens.
        title: of the plot.

    Returns:
        A list of warnings, empty when the installed fonts show every character.

    Raises:
        ValueError: the shape does not match the labels.
    """
    return _heat_map(path, attention, rows, columns, title, "attention weight")


def confusion_matrix(path, counts, labels: list[str], title: str = "") -> list[str]:
    """Draws counts as shares of their row; with few labels the cells show the counts as well.

    Args:
        path: of the PNG file.
        counts: `[labels, labels]`, rows are the reference labels, columns the predicted labels.
        labels: names of the labels.
        title: of the plot.

    Returns and raises as `attention_map`.
    """
    import numpy as np

    counts = np.asarray(counts)
    shares = counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    numbers = counts if len(labels) <= MOST_NUMBERS else None
    title = "; ".join(filter(None, [title, "rows: reference, columns: predicted"]))
    return _heat_map(path, shares, labels, labels, title, "share of the reference label", numbers)


def _heat_map(path, values, rows, columns, title, meaning, numbers=None):
    """Draws values 0 to 1 as shades, with column labels on top and row labels at the left."""
    import numpy as np
    from matplotlib.figure import Figure

    values = np.asarray(values, np.float32)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"the values are {values.shape}, labels {(len(rows), len(columns))}")
    if values.size == 0:
        return [f"{path} was not drawn: there are no values"]
    rows, columns = ([token if token.strip() else "␣" for token in one] for one in (rows, columns))
    families, missing = font_families("".join([*rows, *columns, title]))
    cell = max(0.12, min(0.36, 14 / max(len(rows), len(columns))))  # inches per token
    cell = 0.6 if numbers is not None else cell
    size = max(4.0, min(26 * cell, 10))  # points
    longest = [max(map(len, one)) * size / 110 for one in (columns, rows)]
    figure = Figure(
        figsize=(len(columns) * cell + longest[1] + 1.4, len(rows) * cell + longest[0] + 0.8),
        layout="constrained",
    )
    axes = figure.add_subplot()
    image = axes.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    # White lines between the cells.
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2.5 * min(cell, 0.36))
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    if numbers is not None:
        for (row, column), number in np.ndenumerate(numbers):
            shade = "white" if values[row, column] > 0.5 else "black"
            axes.text(column, row, f"{number}", ha="center", va="center", color=shade, fontsize=8)
    texts = [*axes.get_xticklabels(), *axes.get_yticklabels()]
    if title:
        texts.append(axes.set_title(title, loc="left", pad=10))
    for text in texts:
        text.set_family(families)
        text.set_parse_math(False)  # "$5 and $6" is money, not mathematics
        text.set_fontsize(size)
    bar = figure.colorbar(image, ax=axes, shrink=min(1.0, 3 / (len(rows) * cell)), pad=0.03)
    bar.set_label(meaning, fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    save_figure(figure, path, dpi=min(120, 2400 / max(figure.get_size_inches())))
    if missing:
        return [f"no installed font shows {missing}: install e.g. fonts-noto-cjk"]
    return []


def _series(rows, kind, key) -> tuple[list, list]:
    pairs = [
        (row["step"], row[key])
        for row in rows
        if row.get("kind") == kind and isinstance(row.get(key), int | float)
    ]
    pairs = [(step, value) for step, value in pairs if math.isfinite(value)]
    return [step for step, _ in pairs], [value for _, value in pairs]


def thinned(steps: list, values: list) -> tuple[list, list]:
    """Averages equal groups, so that a long run draws quickly.

    Returns:
        (steps, values), at most `MOST_POINTS` of each.
    """
    group = math.ceil(len(values) / MOST_POINTS)
    starts = range(0, len(values), group) if group > 1 else ()
    means = [sum(values[i : i + group]) / len(values[i : i + group]) for i in starts]
    return ([steps[i] for i in starts], means) if means else (steps, values)


def smoothed(values: list) -> list:
    """Centred moving average over a fortieth of the run; the window shrinks at both ends."""
    half = max(1, len(values) // 80)
    windows = (values[max(0, i - half) : i + half + 1] for i in range(len(values)))
    return [sum(window) / len(window) for window in windows]


def save_figure(figure, path, dpi: float = 120) -> None:
    """Writes a matplotlib figure atomically as PNG, making the folder if necessary."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), files.atomic(path, "wb") as file:
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")  # reported by attention_map
        figure.savefig(file, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.12)
