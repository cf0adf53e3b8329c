"""Measures how the time of a training step and of beam search grows with each size.

    python -m tests.benchmarks.growth [--rounds 5] [--out docs/pictures/growth.png]

A size at a time goes through an eight-fold range, the others are fixed. The network is that of
translation with random weights; sentences have no padding, and no search ends before its limit.
All points take turns in each round, and the medians count.
"""

import json
import os
import time
from dataclasses import replace
from functools import partial

import numpy as np
import tyro

from apps.translate.config import ModelConfig
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from common.text import EOS

BASE = {"units": 128, "length": 16, "vocabulary": 2000, "batch": 16, "beam": 4}
# Sizes to vary and the power expected from the mathematics: products of units x units, attention
# of length x length, everything else in proportion.
SIZES = {
    "units": ((64, 128, 256, 512), 2),
    "length": ((8, 16, 32, 64), 2),
    "vocabulary": ((2000, 4000, 8000, 16000), 1),
    "batch": ((8, 16, 32, 64), 1),
    "beam": ((1, 2, 4, 8), 1),
}


def tokens(size):
    """Sentences without an end, `[batch, length]`."""
    random = np.random.default_rng(1)
    return random.integers(EOS + 1, size["vocabulary"], [size["batch"], size["length"]], np.int32)


def training_step(size):
    import tensorflow as tf

    model, rows = translator(size), tf.constant(tokens(size))

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            loss, _, _ = model.token_losses((rows, rows))
        gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
        return tf.linalg.global_norm([tf.convert_to_tensor(g) for g in gradients])

    return lambda: step().numpy()


def search(size):
    """Beam search with as many steps as source tokens."""
    import tensorflow as tf

    from common.decoding import Beam, beam_search

    model, rows = translator(size), tf.constant(tokens(size))
    settings = Beam(beam=size["beam"], min_length=size["length"])
    limits = tf.fill([size["batch"]], size["length"])

    @tf.function(autograph=False)
    def found():
        memory, state = model.encode(rows)
        step = model.step(memory)
        return beam_search(step, state, size["batch"], limits, settings).scores

    return lambda: found().numpy()


def translator(size):
    from apps.translate.model import Translator

    config = replace(ModelConfig(), units=size["units"], embedding_dim=BASE["units"])
    return Translator(config, size["vocabulary"], size["vocabulary"])


def measured(rounds):
    """(varied size, its value) -> median seconds."""
    made = {
        (name, value): (search if name == "beam" else training_step)(BASE | {name: value})
        for name, (values, _) in SIZES.items()
        for value in values
    }
    seconds = {point: [] for point in made}
    for _ in range(rounds + 1):  # the first round is not counted
        for point, run in made.items():
            started = time.perf_counter()
            run()
            seconds[point].append(time.perf_counter() - started)
    return {point: float(np.median(values[1:])) for point, values in seconds.items()}


def powers(seconds, name):
    """The power of the growth in time: over the whole range, and at its end."""
    values, _ = SIZES[name]
    first, *_, before, last = (seconds[name, value] for value in values)
    return np.log(last / first) / np.log(values[-1] / values[0]), np.log2(last / before)


def draw(path, seconds):
    from matplotlib.figure import Figure

    from common import files
    from common.analysis.plots import BLUE, GREY

    figure = Figure(figsize=(12, 3), layout="constrained")
    for axes, (name, (values, power)) in zip(
        figure.subplots(1, len(SIZES), sharey=False), SIZES.items(), strict=True
    ):
        times = [1e3 * seconds[name, value] for value in values]
        growth = (np.array(values) / values[0]) ** power
        axes.loglog(values, times, "o-", color=BLUE)
        axes.loglog(values, times[0] * growth, "--", color=GREY, linewidth=1)
        axes.set_xticks(values, [str(value) for value in values], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_xlabel(f"{name} (dashed: power {power})")
        axes.set_title("beam search" if name == "beam" else "training step", fontsize=9)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.axes[0].set_ylabel("milliseconds")
    with files.atomic(path, "wb") as file:
        figure.savefig(file, format="png", dpi=100)


def measure(rounds: int = 5, out: str = ""):
    """Measures, prints a table, and JSON as the last line.

    Args:
        rounds: measured rounds over all points.
        out: draw the picture into this PNG file.
    """
    if rounds < 1:
        raise UserError(f"--rounds is {rounds}: it must be at least 1")
    load_tensorflow()
    seconds = measured(rounds)
    if out:
        draw(out, seconds)
    print(f"{'':12} {'milliseconds':34} grows with power  at the end  allowed")
    for name, (values, power) in SIZES.items():
        times = "  ".join(f"{value}: {1e3 * seconds[name, value]:.1f}" for value in values)
        whole, end = powers(seconds, name)
        print(f"{name:12} {times:40} {whole:10.2f} {end:11.2f} {power:8}")
    figures = {f"{name} {value}": round(time, 5) for (name, value), time in seconds.items()}
    print(json.dumps({"benchmark": "growth", "cpus": os.cpu_count(), "rounds": rounds, **figures}))


if __name__ == "__main__":
    run_main(partial(tyro.cli, measure, prog="python -m tests.benchmarks.growth"))
