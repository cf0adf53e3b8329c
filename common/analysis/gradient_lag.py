"""Plots how the gradients of recurrent layers vanish or explode with the time lag.

python -m common.diagnostics [--cells elman lstm gru ctrnn] [--steps 100] [--out gradients.png]
"""

from dataclasses import dataclass

import tyro

from ..config.cells import Cell
from ..errors import UserError
from ..system.tensorflow import load_tensorflow


def gradient_norms(layer, inputs):
    """The norm of dE_t/ds_k by lag t - k, for any recurrent layer, by automatic differentiation.

    E_t = r . h_t with a fixed random unit vector r and t the last step; s_k is the layer's state
    after step k: h_k and all further states, such as c_k of an LSTM.

    Args:
        layer: a built `keras.layers.RNN`.
        inputs: `[batch, time, depth]`.

    Returns:
        float array `[time]`, mean over the batch; lag 0 first.
    """
    import numpy as np
    import tensorflow as tf

    inputs = tf.convert_to_tensor(inputs, layer.compute_dtype)
    direction = np.random.default_rng(0).normal(size=layer.state_size[0])
    direction = tf.constant(direction / np.linalg.norm(direction), inputs.dtype)
    state = layer.get_initial_state(batch_size=inputs.shape[0])
    states = []
    with tf.GradientTape() as tape:
        for t in range(inputs.shape[1]):
            # Copies: the gradient by c_k through the next step only, not through h_k.
            state = [tf.identity(part) for part in layer.cell(inputs[:, t], state)[1]]
            tape.watch(state)
            states.append(state)
        error = tf.reduce_sum(state[0] * direction)
    gradients = tape.gradient(error, states, unconnected_gradients="zero")
    norms = [tf.norm(tf.concat(parts, -1), axis=-1) for parts in reversed(gradients)]
    return np.array([float(tf.reduce_mean(norm)) for norm in norms])


def clipped(norms, limit):
    """Norms by lag after clipping by the global norm, which applies one factor to all lags.

    The gradient of the weights is linear in dE_t/ds_k; if its norm exceeds `limit`, clipping
    multiplies every term by limit / norm.

    Args:
        norms: float `[time]`, from `gradient_norms`.
        limit: the clipping norm.
    """
    import numpy as np

    length = float(np.sqrt((norms**2).sum()))
    return norms * min(1.0, limit / length)


def draw(path, curves, limit):
    """Draws norms by lag as PNG, and dotted those that clipping to `limit` changes.

    Args:
        path: of the PNG file.
        curves: list of (label, norms by lag).
        limit: the clipping norm.
    """
    from matplotlib.figure import Figure

    from ..files import atomic

    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for label, norms in curves:
        (line,) = axes.plot(norms, linewidth=1.8, label=label)
        if (norms**2).sum() > limit**2:
            after = clipped(norms, limit)
            axes.plot(after, ":", color=line.get_color(), label=f"{label}, clipped to {limit:g}")
    axes.set_yscale("log")
    axes.set_ylim(1e-8, 1e8)
    axes.set_xlabel("lag t - k (steps)")
    axes.set_ylabel("norm of dE_t / d state_k")
    axes.grid(color="#e6e6e6", linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    with atomic(path, "wb") as file:
        figure.savefig(file, format="png", dpi=120)


@dataclass
class Command:
    """Options of the command; see the module."""

    cells: tuple[Cell, ...] = ("elman", "lstm", "gru", "ctrnn")
    """Layers to draw: elman with three spectral radii (largest absolute eigenvalues of its
    recurrent kernel), lstm with two forget biases."""
    units: int = 64
    """Size of the layers."""
    steps: int = 100
    """Longest lag."""
    clip: float = 5.0
    """Norm that gradients are clipped to; clipped curves are drawn again, dotted."""
    seed: int = 1
    """Seed of weights and inputs."""
    out: str = "gradients.png"
    """File of the plot."""


def layers_of(cell, units, depth):
    """Yields (label, built layer) for the settings of a cell that are compared."""
    import numpy as np

    from ..layers import recurrent

    if cell in ("elman", "simple"):
        for radius in (0.8, 1.0, 3.0):
            layer = recurrent(cell, units)
            layer.build((None, None, depth))
            kernel = layer.cell.recurrent_kernel.numpy()
            largest = np.abs(np.linalg.eigvals(kernel)).max()
            layer.cell.recurrent_kernel.assign(kernel * (radius / largest))
            yield f"{cell}, radius {radius:g}", layer
        return
    settings = {"lstm": [{"forget_bias": 1.0}, {"forget_bias": 4.0}], "ctrnn": [{"dt": 0.1}]}
    for options in settings.get(cell, [{}]):
        layer = recurrent(cell, units, **options)
        layer.build((None, None, depth))
        words = [f"{name.replace('_', ' ')} {value:g}" for name, value in options.items()]
        yield ", ".join([cell, *words]), layer


def curves_of(command):
    """The list of (label, norms by lag) of all layers of a `Command`."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(command.seed)
    random = np.random.default_rng(command.seed)
    inputs = 0.1 * random.normal(size=[8, command.steps + 1, command.units])
    return [
        (label, gradient_norms(layer, inputs))
        for cell in command.cells
        for label, layer in layers_of(cell, command.units, command.units)
    ]


def main():
    """Runs the command: draws the plot and prints some of the norms."""
    command = tyro.cli(Command, prog="python -m common.diagnostics", description=__doc__)
    for name in ("units", "steps", "clip"):
        if not getattr(command, name) > 0:
            raise UserError(f"{name} is {getattr(command, name)}: it must be above 0")
    load_tensorflow()
    curves = curves_of(command)
    draw(command.out, curves, command.clip)
    for label, norms in curves:
        lags = [lag for lag in (1, 10, 50, 100) if lag < len(norms)]
        print(f"{label:24}", *(f"lag {lag}: {norms[lag]:.1e}" for lag in lags), sep="  ")
    print(command.out)
