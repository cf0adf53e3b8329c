"""The language model as a good Keras user writes it, the yardstick for `apps.lm`."""

import math

import keras
import tensorflow as tf
from keras import ops


class PlainLanguageModel(keras.Model):
    """`[batch, time]` -> logits `[batch, time, vocab]`, of `keras.layers` alone: stateful LSTM
    layers, locked dropout, the output tied to the embedding. `config` is the app's ModelConfig."""

    def __init__(self, config, vocab):
        super().__init__()
        if config.cell != "lstm" or not config.tie or config.residual_from or config.token_dropout:
            raise ValueError("there is no plain Keras version of this model")
        locked, layers = (None, 1, None), keras.layers
        self.scale = math.sqrt(config.embedding_dim)
        self.embedding = layers.Embedding(vocab, config.embedding_dim)
        self.input_dropout = layers.Dropout(config.input_dropout, locked)
        self.rnns = [
            layers.LSTM(config.units, return_sequences=True, stateful=True)
            for _ in range(config.layers)
        ]
        self.hidden_dropouts = [layers.Dropout(config.hidden_dropout, locked) for _ in self.rnns]
        self.output_dropout = layers.Dropout(config.output_dropout, locked)
        self.projection = layers.Dense(config.embedding_dim)
        self.bias = self.add_weight(shape=(vocab,), initializer="zeros", name="bias")

    def call(self, tokens, training=False):
        x = self.input_dropout(self.embedding(tokens) * self.scale, training=training)
        for number, rnn in enumerate(self.rnns):
            x = self.hidden_dropouts[number](x, training=training) if number else x
            x = rnn(x, training=training)
        x = self.projection(self.output_dropout(x, training=training))
        return ops.matmul(x, ops.transpose(self.embedding.embeddings)) + self.bias


def compiled(config, model, rows):
    """The plain model with our weights and a state of `rows` rows, ready for `fit`."""
    plain = PlainLanguageModel(config.model, model.embedding.vocab_size)
    plain(tf.zeros([rows, 1], tf.int32))
    plain.embedding.set_weights([model.embedding.table.numpy()])
    plain.bias.assign(model.embedding.bias.numpy())
    for ours, theirs in zip(model.stack.rnns, plain.rnns, strict=True):
        theirs.set_weights(ours.get_weights())
        theirs.reset_states()  # it has read zeros above
    plain.projection.set_weights(model.projection.get_weights())
    plain.compile(
        keras.optimizers.Adam(
            config.training.learning_rate, global_clipnorm=config.training.clip_norm or None
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return plain


def parts(plain):
    """name -> weights of each part, for the same network elsewhere."""
    rnns = {f"rnn{number}": rnn.get_weights() for number, rnn in enumerate(plain.rnns)}
    return rnns | {
        "embedding": plain.embedding.get_weights(),
        "projection": plain.projection.get_weights(),
        "output_bias": [plain.bias.numpy()],
    }


def dataset(streams, order):
    """The batches of a stream as (inputs, labels)."""
    spec = streams.signature

    def generate():
        for batch in order:
            yield streams.arrays(batch)

    return tf.data.Dataset.from_generator(generate, output_signature=spec).prefetch(4)
