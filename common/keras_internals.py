"""The names of Keras that the suite uses although Keras does not document them, each with its
reason. Nothing else in the suite may use an undocumented name of Keras.

`RELIED_ON` lists them all; tests/common/test_keras_internals.py looks each of them up in the
installed Keras, so that an upgrade that removes one fails with its name.
"""

from typing import NamedTuple

import keras
import tensorflow as tf


class Name(NamedTuple):
    """An undocumented attribute of a class, or of its instances, and why it is used."""

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
    """Initialises a subclass of `keras.layers.LSTM`, `GRU` or `SimpleRNN` around a cell of its own.

    The constructors of these classes would make Keras' cell, and a cell that has once been an
    attribute of a layer stays tracked. What they set besides is `input_spec` and `use_cudnn`.
    """
    keras.layers.RNN.__init__(layer, cell, **options)
    layer.input_spec = keras.layers.InputSpec(ndim=3)


def input_dropout_mask(cell, x):
    """The mask `[batch, depth]` of a cell's input dropout: the same until the sequence ends."""
    return _first(cell.get_dropout_mask(x))


def recurrent_dropout_mask(cell, state):
    """The mask `[batch, size]` of a cell's recurrent dropout: the same until the sequence ends."""
    return _first(cell.get_recurrent_dropout_mask(state))


def _first(masks):
    return masks[0] if isinstance(masks, (list, tuple)) else masks


def without_jit(layer):
    """Keeps XLA from compiling a model that has this layer, unless `jit_compile=True` is given."""
    layer.supports_jit = False


def all_layers(model):
    """A model and all layers in it, at any depth."""
    return model._flatten_layers()


def adam_moments(optimizer, variable):
    """The first and the second moment of a variable, as variables of Keras."""
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def apply_adam(variable, first, second, **rates):
    """Adam's update of a variable as one operation of TensorFlow, which has no other public name
    than the one in `tf.raw_ops`.

    Args:
        variable, first, second: variables of TensorFlow: the weight and its moments.
        rates: the other arguments of `tf.raw_ops.ResourceApplyAdam`.
    """
    tf.raw_ops.ResourceApplyAdam(var=variable.handle, m=first.handle, v=second.handle, **rates)
