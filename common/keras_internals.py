"""Access to undocumented names of Keras; no other module of the suite may use any.

`RELIED_ON` lists them with their reasons; tests/common/test_keras_internals.py looks each up in the
installed Keras, so an upgrade that removes a name fails with that name.
"""

from typing import NamedTuple

import keras
import tensorflow as tf


class Name(NamedTuple):
    """An undocumented attribute of a class or its instances, and the reason for its use."""

    owner: type
    name: str
    reason: str


RELIED_ON = (
    Name(keras.layers.RNN, "inner_loop", "overridden: time runs in the sequence kernel"),
    Name(keras.layers.LSTM, "inner_loop", "chooses Keras' cuDNN kernel"),
    Name(keras.layers.GRU, "inner_loop", "chooses Keras' cuDNN kernel"),
    *(
        Name(cell, method, "one dropout mask for all steps of a sequence")
        for cell in (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)
        for method in ("get_dropout_mask", "get_recurrent_dropout_mask")
    ),
    Name(keras.layers.Layer, "supports_jit", "False: `jit_compile='auto'` leaves the layer alone"),
    Name(keras.layers.Layer, "_flatten_layers", "layers inside layers; Model.layers has the top"),
    Name(keras.optimizers.Adam, "_get_variable_index", "a variable's place among the moments"),
    Name(keras.optimizers.Adam, "_momentums", "first moments of Adam"),
    Name(keras.optimizers.Adam, "_velocities", "second moments of Adam"),
)


def init_rnn(layer, cell, **options):
    """Initialises a subclass of `keras.layers.LSTM`, `GRU` or `SimpleRNN` with a custom cell.

    The constructors of these classes would create Keras' own cell, which the layer would keep
    tracking even after its replacement. Apart from that they set `input_spec` and `use_cudnn`.
    """
    keras.layers.RNN.__init__(layer, cell, **options)
    layer.input_spec = keras.layers.InputSpec(ndim=3)


def input_dropout_mask(cell, x):
    """The mask `[batch, depth]` of a cell's input dropout, the same for all steps of a sequence."""
    return _first(cell.get_dropout_mask(x))


def recurrent_dropout_mask(cell, state):
    """The mask `[batch, size]` of recurrent dropout, the same for all steps of a sequence."""
    return _first(cell.get_recurrent_dropout_mask(state))


def _first(masks):
    return masks[0] if isinstance(masks, (list, tuple)) else masks


def without_jit(layer):
    """Keeps XLA from compiling models with this layer, unless `jit_compile=True` is given."""
    layer.supports_jit = False


def all_layers(model):
    """A model and all its layers, at any depth."""
    return model._flatten_layers()


def adam_moments(optimizer, variable):
    """The first and second moments of a variable, as Keras variables."""
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def apply_adam(variable, first, second, **rates):
    """Updates a variable by Adam in one TensorFlow operation, which only `tf.raw_ops` exposes.

    Args:
        variable, first, second: TensorFlow variables, the weight and its moments.
        rates: the other arguments of `tf.raw_ops.ResourceApplyAdam`.
    """
    tf.raw_ops.ResourceApplyAdam(var=variable.handle, m=first.handle, v=second.handle, **rates)
