"""The summarisation network as a good Keras user writes it, the yardstick for apps.summarize."""

import math

import keras
import tensorflow as tf
from keras import ops

from common.text import PAD, UNK
from tests.benchmarks.plain_keras_translate import PlainDecoder, supported

# Fixed settings of this network; all sizes and rates are free.
SUPPORTED = {
    "cell": {"lstm"},
    "encoder_layers": {1},
    "decoder_layers": {1},
    "attention": {"general", "scaled"},
    "input_feeding": {False},
    "pointer": {True},
    "coverage": {0.0},
    "word_dropout": {0.0},
}


class PlainSummarizer(keras.Model):
    """(source `[batch, source]`, shifted target, target `[batch, target]`) -> negative
    log-likelihood of each target word, of `keras.layers` alone; `config` is the app's ModelConfig.

    The model itself computes the likelihood, since copying needs the source.
    """

    def __init__(self, config, vocab):
        super().__init__()
        supported(config, SUPPORTED)
        layers, dim = keras.layers, config.embedding_dim
        self.vocab, self.embedding_scale = vocab, math.sqrt(dim)
        self.embedding = layers.Embedding(vocab, dim)
        self.source_dropout = layers.Dropout(config.embedding_dropout)
        self.target_dropout = layers.Dropout(config.embedding_dropout)
        self.encoder = layers.Bidirectional(
            layers.LSTM(config.units, return_sequences=True, return_state=True)
        )
        self.memory_dropout = layers.Dropout(config.dropout)
        self.decoder = PlainDecoder(config)
        self.gate = layers.Dense(1, activation="sigmoid")
        self.output_bias = self.add_weight(shape=(vocab,), initializer="zeros")

    def embed(self, tokens):
        known = ops.where(tokens < self.vocab, tokens, UNK)
        return self.embedding(known) * self.embedding_scale

    def call(self, inputs, training=False):
        source, shifted, target = inputs
        mask = ops.not_equal(source, PAD)
        memory, *states = self.encoder(self.source_dropout(self.embed(source)), mask=mask)
        memory = self.memory_dropout(memory)  # [batch, source, 2 * units]
        embedded = self.target_dropout(self.embed(shifted))
        summary = ops.concatenate(states, -1)
        features, attention = self.decoder(embedded, memory, mask, summary)

        table = ops.transpose(self.embedding.embeddings)
        said = ops.softmax(ops.matmul(features, table) + self.output_bias)
        known = target < self.vocab
        label = ops.where(known, target, UNK)
        said = ops.take_along_axis(said, label[..., None], -1)[..., 0]  # [batch, target]
        same = ops.equal(target[:, :, None], source[:, None])
        copied = ops.sum(attention * ops.cast(same, "float32"), -1)
        gate = self.gate(ops.concatenate([features, embedded], -1))[..., 0]
        found = gate * said * ops.cast(known, "float32") + (1 - gate) * copied
        return -ops.log(found + 1e-30)


class Told(keras.losses.Loss):
    """The loss that the model returns, averaged over places of sample weight 1."""

    def __init__(self):
        super().__init__(reduction="mean_with_sample_weight")

    def call(self, y_true, y_pred):
        return y_pred


def compiled(config, ours):
    """A PlainSummarizer with the weights of the app's `Summarizer`, ready for `fit`."""
    model = PlainSummarizer(config.model, ours.vocab)
    model([tf.ones([1, 2], tf.int32)] * 3)  # creates the weights
    model.embedding.set_weights([ours.embedding.table.numpy()])
    model.output_bias.assign(ours.embedding.bias.numpy())
    model.encoder.set_weights(ours.encoder.rnns[0].get_weights())
    model.decoder.copy(ours.decoder)
    model.gate.set_weights(ours.pointer.get_weights())
    model.compile(
        keras.optimizers.Adam(
            config.training.learning_rate, global_clipnorm=config.training.clip_norm or None
        ),
        Told(),
        jit_compile=False,  # XLA would compile anew for every length
    )
    return model


def parts(plain):
    """name -> weights of each part, for the same network elsewhere."""
    return plain.decoder.parts() | {
        "encoder": plain.encoder.get_weights(),
        "embedding": plain.embedding.get_weights(),
        "output_bias": [plain.output_bias.numpy()],
        "gate": plain.gate.get_weights(),
    }
