"""The captioning network as a good Keras user writes it, the yardstick for `apps.caption`."""

import math

import keras
import tensorflow as tf
from keras import ops

from tests.benchmarks.plain_keras_translate import (
    PlainDecoder,
    SmoothedCrossEntropy,
    supported,
)

# Fixed settings of this network; all sizes and rates are free.
SUPPORTED = {
    "picture": {"attention"},
    "cell": {"lstm"},
    "layers": {1},
    "upper_layers": {0, 1},
    "attention": {"general", "scaled"},
    "gate": {False},
    "input_feeding": {False},
    "doubly_stochastic": {0.0},
    "tie": {True},
}


class PlainCaptioner(keras.Model):
    """(cells `[batch, cells, depth]`, shifted caption `[batch, time]`) -> logits
    `[batch, time, vocab]`, of `keras.layers` alone; `config` is the app's ModelConfig."""

    def __init__(self, config, vocab, cells):
        super().__init__()
        supported(config, SUPPORTED)
        layers, dim = keras.layers, config.embedding_dim
        self.embedding_scale = math.sqrt(dim)
        self.project = layers.Dense(config.units, activation="relu")
        self.position = self.add_weight(shape=(cells, config.units), initializer="zeros")
        self.picture_dropout = layers.Dropout(config.picture_dropout)
        self.embedding = layers.Embedding(vocab, dim)
        self.embedding_dropout = layers.Dropout(config.embedding_dropout)
        self.decoder = PlainDecoder(config)
        self.output_bias = self.add_weight(shape=(vocab,), initializer="zeros")

    def call(self, inputs, training=False):
        cells, shifted = inputs
        values = self.picture_dropout(self.project(ops.cast(cells, "float32")) + self.position)
        embedded = self.embedding_dropout(self.embedding(shifted) * self.embedding_scale)
        features, _ = self.decoder(embedded, values, None, ops.mean(values, 1))
        table = ops.transpose(self.embedding.embeddings)
        return ops.matmul(features, table) + self.output_bias


def compiled(config, ours):
    """A PlainCaptioner with the weights of the app's `Captioner`, ready for `fit`."""
    cells, depth = ours.cells_shape
    model = PlainCaptioner(config.model, ours.embedding.vocab_size, cells)
    model((tf.zeros([1, cells, depth]), tf.ones([1, 2], tf.int32)))  # creates the weights
    model.project.set_weights(ours.project.get_weights())
    model.position.assign(ours.position.numpy())
    model.embedding.set_weights([ours.embedding.table.numpy()])
    model.output_bias.assign(ours.embedding.bias.numpy())
    model.decoder.copy(ours.decoder)
    clip = config.training.clip_norm or None
    model.compile(
        keras.optimizers.Adam(config.training.learning_rate, global_clipnorm=clip),
        SmoothedCrossEntropy(config.model.label_smoothing),
        jit_compile=False,  # XLA would compile anew for every length
    )
    return model


def parts(plain):
    """name -> weights of each part, for the same network elsewhere."""
    return plain.decoder.parts() | {
        "project": plain.project.get_weights(),
        "position": [plain.position.numpy()],
        "embedding": plain.embedding.get_weights(),
        "output_bias": [plain.output_bias.numpy()],
    }
