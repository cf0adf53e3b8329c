"""Draws pictures of a trained language model."""

import numpy as np
import tensorflow as tf

from common.batches import Streams
from common.training import cross_entropy

STEPS, ROWS = 120, 32


def gradient_by_lag(path, model, tokens):
    """Draws how far back a prediction reaches: the norm of d nll_T / d x_{T-k} over the lag k.

    x are the input embeddings, T is the last of 120 steps. The first 20 steps only warm up the
    state and are not shown. Norms are means over 32 places of an encoded text. With vanishing
    gradients they fall by a constant factor per step (Pascanu et al. 2013). Nothing is drawn for
    a text of less than two rows of 8 steps.

    Returns: the norms `[lags]`, lag 0 first, or None.
    """
    flat = tokens.flat
    steps = min(STEPS, len(flat) // 2)
    if steps < 8:
        return None
    streams = Streams(flat, ROWS, steps)
    inputs, labels = streams.arrays(streams.order(0)[0])
    whole = (labels != 0).all(1)  # the last row may be padded
    inputs, labels = inputs[whole], labels[whole]
    embedded = model.embed(tf.constant(inputs))
    with tf.GradientTape() as tape:
        tape.watch(embedded)
        outputs, _ = model.stack(embedded)
        logits = tf.cast(model.logits(outputs[:, -1]), tf.float32)
        nll = cross_entropy(logits, labels[:, -1])
        total = tf.reduce_sum(nll)
    gradients = tf.cast(tape.gradient(total, embedded), tf.float32)  # [rows, steps, dim]
    norms = tf.reduce_mean(tf.norm(gradients, axis=-1), 0).numpy()[::-1]
    norms = norms[: len(norms) * 5 // 6]
    _draw(path, norms)
    return norms


def _draw(path, norms):
    from matplotlib.figure import Figure

    from common.files import atomic

    figure = Figure(figsize=(6.5, 3.8), layout="constrained")
    axes = figure.add_subplot()
    axes.semilogy(np.arange(len(norms)), np.maximum(norms, 1e-12), color="#1f5fa8", linewidth=1.8)
    axes.set_xlabel("lag k (tokens)")
    axes.set_ylabel("gradient norm, mean over the text")
    axes.set_title("How far back a prediction reaches", loc="left", fontsize=10)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    with atomic(path, "wb") as file:
        figure.savefig(file, format="png", dpi=120)
