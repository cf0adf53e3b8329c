"""Measures the memory of a training step of our recurrent layers, compared with Keras' own.

    python -m tests.benchmarks.memory [--shape 64x200x256x512] [--cells lstm gru]

Every layer has a separate process. The number is the rise of its peak resident memory (VmHWM,
Linux only) in three training steps, above its memory after a step with two examples.
"""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import tyro

from common.cells import read_cell
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow

KERAS = ("keras.layers.LSTM", "keras.layers.GRU")


@dataclasses.dataclass
class Command:
    shape: str = "64x200x256x512"
    """Batch x time x input x units."""
    cells: tuple[str, ...] = ("lstm", "peephole_lstm", "full_peephole_lstm", "gru", "ctrnn")
    """Names of our cells to measure."""
    any_length: bool = False
    """Leave the sequence length unknown to the layers, as in training on texts."""
    layer: str = ""
    """Measure only this layer, in this process; the command calls itself so for each layer."""


def resident(field):
    """VmRSS or VmHWM of this process in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


def added(name, shape, any_length):
    """Rise of the peak memory in three training steps, in megabytes."""
    import keras
    import tensorflow as tf

    from common.layers import recurrent

    batch, time, depth, units = shape
    kind = getattr(keras.layers, name.rpartition(".")[2]) if name in KERAS else None
    layer = kind(units, return_sequences=True) if kind else recurrent(name, units)
    layer.build((None, None, depth))
    variables = [variable.value for variable in layer.trainable_variables]

    known = tf.TensorSpec([None, None if any_length else time, depth])

    @tf.function(autograph=False, input_signature=[known])
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x)
            loss = tf.reduce_sum((outputs if kind else outputs[0]) ** 2)
        return tape.gradient(loss, [*variables, x])

    x = tf.random.normal([batch, time, depth])
    step(x[:2])
    before = resident("VmRSS")
    for _ in range(3):
        step(x)
    return resident("VmHWM") - before


def main():
    command = tyro.cli(Command, prog="python -m tests.benchmarks.memory", description=__doc__)
    if not Path("/proc/self/status").exists():
        raise UserError("peaks of memory are read from /proc, which this system does not have")
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*){3}", command.shape):
        raise UserError(f"shape {command.shape}: give batch x time x input x units")
    if command.layer:
        load_tensorflow()
        shape = [int(n) for n in command.shape.split("x")]
        return print(f"{added(command.layer, shape, command.any_length):.0f}")
    for cell in command.cells:
        read_cell(cell)
    print(f"Memory of a training step, {command.shape}:\n\n| layer | MB |\n| --- | --- |")
    for name in (*KERAS, *command.cells):
        own = [sys.executable, "-m", "tests.benchmarks.memory", "--layer", name]
        own += ["--any-length"] if command.any_length else []
        done = subprocess.run([*own, "--shape", command.shape], capture_output=True, text=True)
        if done.returncode:
            raise UserError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
        print(f"| {name} | {done.stdout.split()[-1]} |", flush=True)
    print()


if __name__ == "__main__":
    run_main(main)
