"""The frame model as a good Keras user writes it, the yardstick for `apps.music`."""

import keras
import tensorflow as tf
from keras import ops

from common.music import KEYS


def roll_model(config):
    """Previous frames `[batch, time, 88]` -> logits `[batch, time, 88]`; `config`: ModelConfig."""
    if config.kind != "frames" or config.notes != "independent" or config.cell != "lstm":
        raise ValueError("there is a plain Keras version of independent keys and an LSTM only")
    layers = keras.layers
    model = keras.Sequential([layers.Input((None, KEYS)), layers.Dropout(config.input_dropout)])
    for number in range(config.layers):
        if number:
            model.add(layers.Dropout(config.dropout))
        model.add(layers.LSTM(config.units, return_sequences=True))
    model.add(layers.Dropout(config.output_dropout))
    model.add(layers.Dense(KEYS))
    return model


class RollLoss(keras.losses.Loss):
    """Nats per frame: the sum over keys, averaged over frames of sample weight 1."""

    def __init__(self):
        super().__init__(reduction="mean_with_sample_weight")

    def call(self, y_true, y_pred):
        mean = keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)
        return mean * ops.cast(KEYS, mean.dtype)


def compiled(config, ours):
    """The plain model with the weights of the app's `Frames`, ready for `fit`."""
    model = roll_model(config.model)
    model.set_weights(ours.get_weights())
    clip = config.training.clip_norm or None
    model.compile(
        keras.optimizers.Adam(config.training.learning_rate, global_clipnorm=clip),
        RollLoss(),
        jit_compile=False,  # XLA would compile anew for every length
    )
    return model


def parts(plain):
    """name -> weights of each part, for the same network elsewhere."""
    weighted = [layer for layer in plain.layers if layer.weights]
    rnns = {f"rnn{number}": rnn.get_weights() for number, rnn in enumerate(weighted[:-1])}
    return rnns | {"output": weighted[-1].get_weights()}


def dataset(batches, order):
    """(previous frames, frames, weights) of the batches of `order`, for `fit`."""

    def generate():
        for batch in order:
            yield batches.arrays(batch)

    def example(rolls, lengths):
        rolls = tf.cast(rolls, tf.float32)
        weights = tf.sequence_mask(lengths, tf.shape(rolls)[1], tf.float32)
        return tf.pad(rolls[:, :-1], [[0, 0], [1, 0], [0, 0]]), rolls, weights

    examples = tf.data.Dataset.from_generator(generate, output_signature=batches.signature)
    examples = examples.map(example)
    return examples.apply(tf.data.experimental.assert_cardinality(len(order))).prefetch(4)
