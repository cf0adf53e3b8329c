"""Weights between our layers and Keras' of the same mathematics."""

import keras

from ..errors import ArgumentError
from .elman import ElmanRNN
from .gru import GRU
from .lstm import LSTM

PAIRS = {
    LSTM: keras.layers.LSTM,
    GRU: keras.layers.GRU,
    ElmanRNN: keras.layers.SimpleRNN,
}


def _copied(layer, cls, config):
    copy = cls.from_config(config)
    if layer.built:
        batch = layer.states[0].shape[0] if layer.stateful else None
        copy.build((batch, None, layer.cell.kernel.shape[0]))
        copy.set_weights(layer.get_weights())
    return copy


def to_keras(layer):
    """A `keras.layers.LSTM`, `GRU` or `SimpleRNN` with the arguments and weights of our layer.

    Raises:
        ValueError: Keras has no such layer (peepholes, another variant, JordanRNN, CTRNN).
    """
    cls = PAIRS.get(type(layer))
    if cls is None or not getattr(layer.cell, "plain", True):
        raise ArgumentError(f"Keras has no layer with the mathematics of {layer.name!r}: keep ours")
    config = layer.get_config()
    config.pop("forget_bias", None)  # of the first weights only
    config.pop("recurrent_weight_dropout", None)  # of training only
    return _copied(layer, cls, config)


def from_keras(layer):
    """Our `LSTM`, `GRU` or `ElmanRNN` with the arguments and weights of Keras' layer.

    Raises:
        ValueError: the layer is another one.
    """
    for ours, cls in PAIRS.items():
        if type(layer) is cls:
            return _copied(layer, ours, layer.get_config())
    known = ", ".join(cls.__name__ for cls in PAIRS.values())
    raise ArgumentError(
        f"cannot convert a {type(layer).__name__}: give one of keras.layers' {known}"
    )
