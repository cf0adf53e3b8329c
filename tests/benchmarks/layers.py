"""Measures our recurrent layers against keras.layers.LSTM, and PyTorch's.

    python -m tests.benchmarks.layers [--rounds 9] [--shapes 20x35x200x200 ...] [--torch PYTHON]

A round runs a training step (forward and backward, gradients of all weights and of the input) of
every layer in turn, in one process (PyTorch's in another, which waits meanwhile), so that other
load on the machine affects all of them; the order rotates by one from round to round. Read the
ratios: medians over the rounds of a layer's time to that of `keras.layers.LSTM` of the same shape
in the same round. Below 1 is faster.
"""

import dataclasses
import time
from functools import partial
from typing import Literal

import numpy as np
import tyro

from common.cells import CELL_NAMES
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from tests.benchmarks._torch import peer_of

SHAPES = ("20x35x200x200", "20x35x650x650", "64x25x256x512", "128x20x256x256")
CTRNN_SHAPE = (64, 32, 64, 64)


@dataclasses.dataclass
class Command:
    rounds: int = 9
    """Measured rounds, after an uncounted one."""
    shapes: tuple[str, ...] = SHAPES
    """Batch x time x input x units."""
    cells: tuple[str, ...] = tuple(name for name in CELL_NAMES if name not in ("np", "simple"))
    """Names of our cells to measure."""
    substeps: int = 6
    """Sub-steps of the CTRNN in its own table."""
    torch: str = ""
    """A Python with PyTorch, to add its LSTM and GRU to the tables."""
    clock: Literal["wall", "processor"] = "wall"
    """Time of day, or the processor time of all threads: steadier on a busy machine, but without
    the effect of several cores."""


def rows(cells, units):
    """name -> layer: Keras' own, the naive peephole LSTM, then ours."""
    import keras

    from common.layers import PeepholeLSTMCell, recurrent

    options = {"return_sequences": True, "return_state": True}
    naive = PeepholeLSTMCell(units)
    return {
        "keras.layers.LSTM": keras.layers.LSTM(units, **options),
        "keras.layers.GRU": keras.layers.GRU(units, **options),
        "keras.layers.RNN(peephole cell)": keras.layers.RNN(naive, **options),
    } | {name: recurrent(name, units) for name in cells}


def training_step(layer, depth, **options):
    import tensorflow as tf

    layer.build((None, None, depth))
    variables = [variable.value for variable in layer.trainable_variables]

    @tf.function(autograph=False, reduce_retracing=True, **options)
    def run(x, mask=None):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, mask=mask)[0]
            loss = tf.reduce_sum(outputs * outputs)
        return tape.gradient(loss, [*variables, x])

    return lambda *arguments: run(*arguments)[0].numpy()


def one_step(layer, depth):
    """A step at batch 1, as in decoding."""
    import tensorflow as tf

    layer.build((None, None, depth))
    run = tf.function(layer.cell, autograph=False)
    state = [tf.zeros([1, size]) for size in layer.state_size]
    x = tf.zeros([1, depth])

    def steps():
        for _ in range(100):
            output, _ = run(x, state)
        output.numpy()

    return steps


def measured(functions, rounds, clock="wall"):
    """name -> seconds of each round."""
    now = {"wall": time.perf_counter, "processor": time.process_time}[clock]
    seconds = {name: [] for name in functions}
    names = list(functions)
    for number in range(rounds + 1):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            before = now()
            functions[name]()
            seconds[name].append(now() - before)
    return {name: np.array(values[1:]) for name, values in seconds.items()}


def table(columns):
    """Markdown: a row per layer, ratios to the first layer and their geometric mean."""
    heads = list(columns)
    print(f"| layer | {' | '.join(heads)} | mean |")
    print("| --- " * (len(heads) + 2) + "|")
    base = {head: next(iter(columns[head].values())) for head in heads}
    for name in columns[heads[0]]:
        ratios = [float(np.median(columns[head][name] / base[head])) for head in heads]
        cells = [f"{ratio:.2f}" for ratio in ratios]
        if name == next(iter(columns[heads[0]])):
            cells = [f"{1e3 * np.median(base[head]):.1f} ms" for head in heads]
        mean = float(np.exp(np.mean(np.log(ratios))))
        print(f"| {name} | {' | '.join(cells)} | {mean:.2f} |", flush=True)
    print()


def main():
    command = tyro.cli(Command, prog="python -m tests.benchmarks.layers", description=__doc__)
    load_tensorflow()
    import tensorflow as tf

    try:
        shapes = [tuple(int(n) for n in shape.split("x")) for shape in command.shapes]
        assert all(len(shape) == 4 and min(shape) > 0 for shape in shapes)
    except (ValueError, AssertionError):
        raise UserError(
            f"shapes {' '.join(command.shapes)}: give batch x time x input x units"
        ) from None
    if command.rounds < 1:
        raise UserError(f"rounds is {command.rounds}: it must be at least 1")
    if command.torch and command.clock != "wall":
        raise UserError("--torch runs in a process of its own: leave --clock at wall")
    peer = peer_of(command.torch)

    columns, masked, single = {}, {}, {}
    measure = partial(measured, rounds=command.rounds, clock=command.clock)
    for head, shape in zip(command.shapes, shapes, strict=True):
        batch, length, depth, units = shape
        x = tf.random.normal([batch, length, depth])
        lengths = tf.random.uniform([batch, 1], length // 2, length + 1, tf.int32)
        mask = tf.range(length) < lengths
        layers = rows(command.cells, units)
        steps = {name: training_step(layer, depth) for name, layer in layers.items()}
        columns[head] = measure(
            {name: partial(step, x) for name, step in steps.items()}
            | in_torch(peer, what="layer", shape=shape)
        )
        masked[head] = measure(
            {name: partial(step, x, mask) for name, step in steps.items()}
            | in_torch(peer, what="layer", shape=shape, lengths=lengths[:, 0].numpy().tolist())
        )
        single[head] = measure(
            {name: one_step(layer, depth) for name, layer in layers.items()}
            | in_torch(peer, what="single", shape=shape)
        )
    print("Training step, time by that of keras.layers.LSTM:\n")
    table(columns)
    print("The same with variable lengths (masks):\n")
    table(masked)
    print("100 single steps at batch 1, time by that of Keras' LSTMCell:\n")
    table(single)
    ctrnn_table(measure, command.substeps, peer)


def in_torch(peer, **request):
    """PyTorch's rows of a table."""
    kinds = ("LSTM", "GRU") if peer else ()
    return {f"torch.nn.{kind}": partial(peer.ask, kind=kind, **request) for kind in kinds}


def ctrnn_table(measure, substeps, peer):
    import tensorflow as tf

    from common.layers import CTRNN
    from common.layers.ctrnn_program import SOLVERS

    batch, length, depth, units = CTRNN_SHAPE
    x = tf.random.normal([batch, length, depth])
    options = {"return_sequences": True, "return_state": True, "substeps": substeps}
    layers = {solver: CTRNN(units, solver=solver, **options) for solver in SOLVERS}
    steps = {n: partial(training_step(layer, depth), x) for n, layer in layers.items()}
    compiled = training_step(layers["exponential"], depth, jit_compile=True)
    steps["exponential, XLA"] = partial(compiled, x)
    if peer and peer.has_ncps:  # its LTC has 6 sub-steps
        kinds = ("LTC", "CfC")
        steps |= {
            f"ncps {k}": partial(peer.ask, what="layer", kind=k, shape=CTRNN_SHAPE) for k in kinds
        }
    print(f"CTRNN, {substeps} sub-steps, {'x'.join(map(str, CTRNN_SHAPE))}, one training step:\n")
    for name, seconds in measure(steps).items():
        print(f"- {name}: {1e3 * np.median(seconds):.1f} ms")


if __name__ == "__main__":
    run_main(main)
