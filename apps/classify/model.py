"""The network: embeddings, recurrent layers, pooling, logits; or a convolutional baseline."""

import keras
import tensorflow as tf

from common.layers import Stack
from common.special_tokens import FORBIDDEN
from common.text import EOS, PAD, UNK
from common.training import Losses, smoothed_cross_entropy


class AttentionPooling(keras.layers.Layer):
    """a_t = softmax_t(v . tanh(W h_t + b)); the text is sum_t a_t h_t (Yang et al. 2016).

    Call: (`[batch, time, depth]`, mask bool `[batch, time]`) -> (`[batch, depth]`, a float32).
    """

    supports_masking = True

    def build(self, shape):
        depth = shape[-1]
        self.kernel = self.add_weight(shape=(depth, depth), name="kernel")
        self.bias = self.add_weight(shape=(depth,), initializer="zeros", name="bias")
        self.vector = self.add_weight(shape=(depth, 1), name="vector")

    def call(self, values, mask):
        scores = tf.tanh(values @ self.kernel + self.bias) @ self.vector  # [batch, time, 1]
        scores = tf.where(mask, tf.cast(scores[..., 0], tf.float32), FORBIDDEN)
        weights = tf.nn.softmax(scores, -1)
        return tf.reduce_sum(values * tf.cast(weights, values.dtype)[..., None], 1), weights


class Classifier(keras.Model):
    """Tokens `[batch, time]`, PAD to the right -> logits `[batch, labels]`.

    Kim's network takes for each width w the largest over time of the feature maps relu(conv_w(x)).
    Windows are centred on a token; beyond the text they see 0.
    """

    def __init__(self, config, vocab, labels, **kwargs):
        super().__init__(**kwargs)
        self.config = config
        # The embedding of Keras, not of common.layers: it starts near 0, so that words seen once or
        # twice, from which a network learns only noise, contribute little.
        self.embedding = keras.layers.Embedding(vocab, config.embedding_dim, name="embedding")
        self.word_seed = keras.random.SeedGenerator()
        self.input_dropout = keras.layers.Dropout(config.embedding_dropout)
        self.pooled_dropout = keras.layers.Dropout(config.output_dropout)
        self.output_layer = keras.layers.Dense(labels, dtype="float32", name="logits")
        shape = (None, None, config.embedding_dim)
        if config.kind == "cnn":
            self.filters = [
                keras.layers.Conv1D(config.units, width, padding="same", activation="relu")
                for width in config.widths
            ]
            for layer in self.filters:
                layer.build(shape)
            depth = config.units * len(config.widths)
        else:
            self.stack = Stack(
                config.layers,
                config.units,
                config.cell,
                bidirectional=config.bidirectional,
                dropout=config.dropout,
                name="stack",
            )
            self.stack.build(shape)
            depth = config.units * (1 + config.bidirectional)
            self.attention = AttentionPooling(name="attention")
            if "attention" in config.pooling:
                self.attention.build((None, None, depth))
            depth *= len(config.pooling)
        self.embedding.build((None, None))
        self.output_layer.build((None, depth))
        self.built = True

    def call(self, tokens, training=False):
        """-> (logits float32 `[batch, labels]`, attention `[batch, time]`, 0 without it)."""
        mask = tf.not_equal(tokens, PAD)
        if training and self.config.word_dropout:
            drawn = keras.random.uniform(tf.shape(tokens), seed=self.word_seed)
            tokens = tf.where((drawn < self.config.word_dropout) & (tokens > EOS), UNK, tokens)
        embedded = self.input_dropout(self.embedding(tokens), training=training)
        if self.config.kind == "cnn":
            embedded *= tf.cast(mask, embedded.dtype)[..., None]  # padding leaves no trace
            maps = tf.concat([layer(embedded) for layer in self.filters], -1)
            pooled, weights = self.largest(maps, mask), tf.zeros(tf.shape(tokens))
        else:
            values, _ = self.stack(embedded, mask=mask, training=training)
            pooled, weights = self.pool(values, mask)
        return self.output_layer(self.pooled_dropout(pooled, training=training)), weights

    def pool(self, values, mask):
        """`[batch, time, depth]` -> (`[batch, poolings * depth]`, attention `[batch, time]`)."""
        valid = tf.cast(mask, values.dtype)
        count = tf.reduce_sum(valid, 1, keepdims=True)  # [batch, 1], rounded in half precision
        weights, parts = tf.zeros(tf.shape(mask)), []
        for kind in self.config.pooling:
            if kind == "max":
                parts.append(self.largest(values, mask))
            elif kind == "mean":
                parts.append(tf.reduce_sum(values * valid[..., None], 1) / count)
            elif kind == "attention":
                pooled, weights = self.attention(values, mask)
                parts.append(pooled)
            else:  # the last state of each direction
                last = tf.reduce_sum(tf.cast(mask, tf.int32), 1) - 1
                forward = tf.gather(values, last, batch_dims=1)
                parts += [forward[:, : self.config.units], values[:, 0, self.config.units :]]
        return tf.concat(parts, -1), weights

    def largest(self, values, mask):
        return tf.reduce_max(tf.where(mask[..., None], values, tf.cast(-6e4, values.dtype)), 1)

    def token_losses(self, arrays, progress=0.0, training=True):
        """(tokens, label) -> `Losses`, of texts."""
        tokens, labels = arrays
        logits, _ = self(tokens, training=training)
        smoothing = self.config.label_smoothing if training else 0.0
        loss, nll = smoothed_cross_entropy(logits, labels[:, 0], smoothing)
        count = tf.cast(tf.shape(tokens)[0], tf.float32)
        return Losses(tf.reduce_sum(loss), count, tf.reduce_sum(nll))
