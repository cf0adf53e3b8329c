"""What our cells share: a step that is a program, and the checks of their arguments."""

import inspect
import operator

import tensorflow as tf

from ..errors import ArgumentError
from ..keras_internals import input_dropout_mask, recurrent_dropout_mask
from .step_program import run_once


def arguments_of(cls, arguments):
    """Those of a constructor's `locals()` that the constructor of `cls` names, and its kwargs."""
    names = set(inspect.signature(cls).parameters) - {"self", "kwargs"}
    return {name: arguments[name] for name in arguments if name in names} | arguments["kwargs"]


def at_least_one(name, value):
    """Checks a whole number that must be 1 or more.

    Raises:
        ValueError: it is something else.
    """
    try:
        sound = operator.index(value) >= 1
    except TypeError:
        sound = False
    if not sound:
        raise ArgumentError(f"{name} is {value!r}: it must be a whole number of at least 1")


def flat_config(layer, config):
    """The configuration of a layer that makes its cell out of its own arguments."""
    config.pop("cell")
    cell = layer.cell.get_config()
    return {
        name: cell[name] for name in cell if name not in ("name", "trainable", "dtype")
    } | config


class ProgramCell:
    """Mixin of a cell that says its step as a program of common/layers/sequence_kernel.py.

    A cell has `update` (state -> name of its next value, in the order of the states), `program`,
    `project(x)` -> dict of the inputs, and `constants()` -> dict of the weights, both in the
    compute type. `recurrent_kernels` are the constants that weight dropout falls on.
    """

    recurrent_kernels = ("recurrent_kernel",)

    def weight(self, name):
        return tf.cast(getattr(self, name).value, self.compute_dtype)

    def project(self, x):
        projected = tf.matmul(x, self.weight("kernel"))
        return {"x": projected + self.weight("bias") if self.use_bias else projected}

    def drop(self, x, mask):
        return x * mask

    def one_step(self, inputs, states, training=False):
        """One step by the program, for cells that Keras does not have."""
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        inputs = tf.cast(inputs, self.compute_dtype)
        if training and self.dropout:
            inputs = self.drop(inputs, input_dropout_mask(self, inputs))
        if training and self.recurrent_dropout:
            states[0] *= recurrent_dropout_mask(self, states[0])
        states = dict(zip(self.update, states, strict=True))
        inputs = self.project(inputs)
        constants = {n: c for n, c in self.constants().items() if n not in inputs}
        new = run_once(self.program, self.update, states, inputs, constants)
        return new[0], new
