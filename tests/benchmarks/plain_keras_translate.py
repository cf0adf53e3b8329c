"""The translation network as a good Keras user writes it, the yardstick for `apps.translate`."""

import math

import keras
import tensorflow as tf
from keras import ops

from common.text import BOS, PAD

# Fixed settings of this network; all sizes and rates are free.
SUPPORTED = {
    "cell": {"lstm"},
    "encoder_layers": {1},
    "decoder_layers": {1},
    "upper_layers": {0, 1},
    "attention": {"general", "scaled"},
    "input_feeding": {False},
    "tie": {"all"},
    "word_dropout": {0.0},
    "same_dropout": {False},
    "scheduled_sampling": {0.0},
}


class PlainDecoder(keras.layers.Layer):
    """An LSTM, attention for all its steps, optionally another LSTM above: (embedded
    `[batch, target, dim]`, memory `[batch, source, depth]`, its mask or None, summary) -> (features
    `[batch, target, dim]`, attention `[batch, target, source]`)."""

    def __init__(self, config):
        super().__init__()
        layers, units = keras.layers, config.units
        upper_layers = getattr(config, "upper_layers", 0)
        self.query_scale = 1 / math.sqrt(units) if config.attention == "scaled" else 1.0
        self.bridge_h = layers.Dense(units, activation="tanh")
        self.bridge_c = layers.Dense(units)
        self.lstm = layers.LSTM(units, return_sequences=True)
        self.key = layers.Dense(units, use_bias=False)
        self.attention = layers.Attention()
        self.upper = None
        if upper_layers:
            self.upper_dropout = layers.Dropout(config.dropout)
            self.upper_bridge_h = layers.Dense(units, activation="tanh")
            self.upper_bridge_c = layers.Dense(units)
            self.upper = layers.LSTM(units, return_sequences=True)
        self.combine = layers.Dense(config.embedding_dim, activation="tanh")
        self.output_dropout = layers.Dropout(config.output_dropout)

    def call(self, embedded, memory, mask, summary):
        first = [self.bridge_h(summary), self.bridge_c(summary)]
        hidden = self.lstm(embedded, initial_state=first)  # [batch, target, units]
        query = hidden * self.query_scale
        context, weights = self.attention(
            [query, memory, self.key(memory)], mask=[None, mask], return_attention_scores=True
        )
        if self.upper:
            both = self.upper_dropout(ops.concatenate([hidden, context], -1))
            first = [self.upper_bridge_h(summary), self.upper_bridge_c(summary)]
            hidden = self.upper(both, initial_state=first)
        features = self.combine(ops.concatenate([context, hidden], -1))
        return self.output_dropout(features), weights

    def copy(self, ours):
        """Takes the weights of an `AttentionDecoder`."""
        self.key.set_weights([ours.attention.key_kernel.numpy()])
        pairs = [
            (self.lstm, ours.stack.rnns[0]),
            (self.combine, ours.combine),
            (self.bridge_h, ours.bridges[0][0]),
            (self.bridge_c, ours.bridges[0][1]),
        ]
        if self.upper:
            pairs += [
                (self.upper, ours.upper.rnns[0]),
                (self.upper_bridge_h, ours.bridges[1][0]),
                (self.upper_bridge_c, ours.bridges[1][1]),
            ]
        for mine, theirs in pairs:
            mine.set_weights(theirs.get_weights())

    def parts(self):
        names = ["lstm", "combine", "bridge_h", "bridge_c", "key"]
        if self.upper:
            names += ["upper", "upper_bridge_h", "upper_bridge_c"]
        return {name: getattr(self, name).get_weights() for name in names}


def supported(config, fields):
    """Raises ValueError if a ModelConfig has settings that the plain version lacks."""
    for field, values in fields.items():
        if (value := getattr(config, field)) not in values:
            raise ValueError(f"there is no plain Keras version of model.{field} {value}")


class PlainTranslator(keras.Model):
    """(source `[batch, source]`, shifted target `[batch, target]`) -> logits
    `[batch, target, vocab]`, of `keras.layers` alone; `config` is the app's ModelConfig.

    Masks are passed by hand, and only where they change the result: the decoder reads its padding
    last, so it needs none.
    """

    def __init__(self, config, vocab):
        super().__init__()
        supported(config, SUPPORTED)
        layers, dim, units = keras.layers, config.embedding_dim, config.units
        self.embedding_scale = math.sqrt(dim)
        self.embedding = layers.Embedding(vocab, dim, mask_zero=True)
        self.source_dropout = layers.Dropout(config.embedding_dropout)
        self.target_dropout = layers.Dropout(config.embedding_dropout)
        self.encoder = layers.Bidirectional(
            layers.LSTM(units, return_sequences=True, return_state=True)
        )
        self.memory_dropout = layers.Dropout(config.dropout)
        self.decoder = PlainDecoder(config)
        self.output_bias = self.add_weight(shape=(vocab,), initializer="zeros")

    def call(self, inputs, training=False):
        source, shifted = inputs
        mask = self.embedding.compute_mask(source)  # [batch, source]
        embedded = self.source_dropout(self.embedding(source) * self.embedding_scale)
        memory, *states = self.encoder(embedded, mask=mask)
        memory = self.memory_dropout(memory)  # [batch, source, 2 * units]
        summary = ops.concatenate(states, -1)  # [batch, 4 * units]

        embedded = self.target_dropout(self.embedding(shifted) * self.embedding_scale)
        features, _ = self.decoder(embedded, memory, mask, summary)  # [batch, target, dim]
        table = ops.transpose(self.embedding.embeddings)
        return ops.matmul(features, table) + self.output_bias


class SmoothedCrossEntropy(keras.losses.Loss):
    """Label smoothing for integer labels, which Keras' sparse cross-entropy does not have.

    The mean over the positions of sample weight 1.
    """

    def __init__(self, smoothing):
        super().__init__(reduction="mean_with_sample_weight")
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        one_hot = ops.one_hot(y_true, y_pred.shape[-1])
        return keras.losses.categorical_crossentropy(
            one_hot, y_pred, from_logits=True, label_smoothing=self.smoothing
        )


def compiled(config, training, ours):
    """A PlainTranslator with the weights of the app's `Translator`, ready for `fit`."""
    model = PlainTranslator(config, ours.target_embedding.vocab_size)
    model((tf.ones([1, 2], tf.int32), tf.ones([1, 2], tf.int32)))  # creates the weights
    copy_weights(ours, model)
    model.compile(
        keras.optimizers.Adam(training.learning_rate, global_clipnorm=training.clip_norm or None),
        SmoothedCrossEntropy(config.label_smoothing),
        jit_compile=False,  # XLA would compile anew for every length
    )
    return model


def copy_weights(ours, plain):
    """All weights of a `Translator`; ValueError if the two have different numbers of weights."""
    if ours.count_params() != plain.count_params():
        raise ValueError(f"{ours.count_params()} parameters, but {plain.count_params()} plain ones")
    plain.embedding.set_weights([ours.target_embedding.table.numpy()])
    plain.output_bias.assign(ours.target_embedding.bias.numpy())
    plain.encoder.set_weights(ours.encoder.rnns[0].get_weights())
    plain.decoder.copy(ours.decoder)


def parts(plain):
    """name -> weights of each part, for the same network elsewhere."""
    return plain.decoder.parts() | {
        "encoder": plain.encoder.get_weights(),
        "embedding": plain.embedding.get_weights(),
        "output_bias": [plain.output_bias.numpy()],
    }


def dataset(batches, order, told=False):
    """((input, shifted target), target, weights) of the batches of `order`, for `fit`; with `told`,
    the target is also the network's third input."""

    def generate():
        for numbers in order:
            yield batches.arrays(numbers)

    def example(source, target):
        shifted = tf.concat([tf.fill([tf.shape(target)[0], 1], BOS), target[:, :-1]], 1)
        inputs = (source, shifted, target) if told else (source, shifted)
        return inputs, target, tf.cast(target != PAD, tf.float32)

    examples = tf.data.Dataset.from_generator(generate, output_signature=batches.signature)
    examples = examples.map(example)
    return examples.apply(tf.data.experimental.assert_cardinality(len(order))).prefetch(4)
