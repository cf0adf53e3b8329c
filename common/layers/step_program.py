"""The language in which a cell says its step: a short program over named tensors.

    Product      out = left W (+ add)      the only matrix product there is in a step
    Split        pieces of a tensor, side by side
    Elementwise  out = f(a, b, ...)        every unit by itself
    Mixing       out = f(a, b, ...)        any function of a row, such as layer normalisation

Every operation knows how to go forward on a dict of tensors, and what a gradient that arrives at
its result sends on to what it read. `run_once` runs a program for one step (decoding does that),
common/layers/sequence_kernel.py runs it over time.

Within a step tensors are `[batch, size]`. A product of plain matrices takes a quarter (batch 1) to
nearly all (batch 64) of the time of a batched one `[1, batch, size]` on a CPU, but only as long as
neither side is transposed: so the gradient multiplies by weights that were turned once, before the
loop.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


def joined(names, values):
    parts = [values[name] for name in names]
    return parts[0] if len(parts) == 1 else tf.concat(parts, -1)


class Product(NamedTuple):
    """out = left weight (+ add), where the tensors named by `left` are put side by side."""

    out: str
    left: tuple[str, ...]
    weight: str
    add: str = ""

    def forward(self, values):
        result = tf.matmul(joined(self.left, values), values[self.weight])
        values[self.out] = result + values[self.add] if self.add else result

    def backward(self, arrived, moment):
        """The gradients of what was read, as pairs (name, gradient), out of the
        gradient of the result; those of weights and inputs come later, for all steps at once."""
        term = tf.matmul(arrived, moment.transposed[self.weight])
        if len(self.left) == 1:
            yield self.left[0], term
        else:
            sizes = [moment.all[name].shape[-1] for name in self.left]
            yield from zip(self.left, tf.split(term, sizes, -1), strict=True)
        if self.add:
            yield self.add, arrived


class Split(NamedTuple):
    """The columns of a tensor as tensors of their own, `sizes` columns each."""

    out: tuple[str, ...]
    of: str
    sizes: tuple[int, ...]

    def forward(self, values):
        values.update(zip(self.out, tf.split(values[self.of], self.sizes, -1), strict=True))

    def backward(self, arrived, moment):
        yield self.of, tf.concat(arrived, -1)


class Elementwise(NamedTuple):
    """out = function(*of), where unit n of `out` depends on unit n of each argument alone; of an
    argument k times as wide, made of k blocks, on unit n of each block."""

    out: str
    function: Callable
    of: tuple[str, ...]

    def forward(self, values):
        values[self.out] = self.function(*(values[name] for name in self.of))

    def backward(self, arrived, moment):
        for name, slope in moment.slopes[self.out].items():
            blocks = slope.shape[-1] // arrived.shape[-1]
            wide = tf.tile(arrived, [1, blocks]) if blocks > 1 else arrived
            yield name, wide * slope[moment.t]


class Mixing(NamedTuple):
    """out = function(*of), row by row; differentiated anew at every step, which costs time."""

    out: str
    function: Callable
    of: tuple[str, ...]

    def forward(self, values):
        values[self.out] = self.function(*(values[name] for name in self.of))

    def backward(self, arrived, moment):
        values = {name: moment.value(name) for name in self.of}
        with tf.GradientTape() as tape:
            tape.watch(list(values.values()))
            result = self.function(*(values[name] for name in self.of))
        yield from tape.gradient(result, values, arrived).items()


def run_step(program, values):
    """Adds to `values` what the program computes."""
    for op in program:
        op.forward(values)
    return values


def run_once(program, update, states, inputs, constants):
    """One step on tensors `[batch, size]`: the list of the next states."""
    values = run_step(program, states | inputs | constants)
    return [values[name] for name in update.values()]
