"""The network: picture encoder and decoder, with or without attention (Xu et al. 2015)."""

import keras
import tensorflow as tf

from common.layers import AttentionDecoder, Embedding, PlainDecoder
from common.special_tokens import FORBIDDEN
from common.text import BOS, PAD, UNK
from common.training import Losses, disagreement, smoothed_cross_entropy, twice
from common.vision.encoders import picture_encoder
from common.vision.picture_ops import random_changes


class Captioner(keras.Model):
    """Pictures -> caption tokens.

    `inputs` are uint8 pixels `[batch, size, size, 3]` if the encoder is trained, otherwise its
    cells, float16 `[batch, cells, depth]`, from `frozen_cells`. Decoding uses `encode` and `step`,
    training uses `token_losses`.
    """

    def __init__(self, config, vocab_size, pretrained=True):
        super().__init__(name="captioner")
        self.config = config
        model, encoder = config.model, config.encoder
        self.picture_encoder = picture_encoder(
            encoder.name,
            encoder.size,
            pretrained=pretrained,
            widths=encoder.widths,
        )
        self.picture_encoder.trainable = encoder.train
        self.cells_shape = self.picture_encoder.output_shape[1:]
        self.project = keras.layers.Dense(model.units, activation="relu", name="project")
        self.picture_dropout = keras.layers.Dropout(model.picture_dropout)
        self.embedding = Embedding(vocab_size, model.embedding_dim, model.tie, name="embedding")
        self.embedding_dropout = keras.layers.Dropout(model.embedding_dropout)
        options = {
            "cell": model.cell,
            "features": model.embedding_dim if model.tie else model.units,
            "dropout": model.dropout,
            "output_dropout": model.output_dropout,
            "name": "decoder",
        }
        if model.picture == "attention":
            self.decoder = AttentionDecoder(
                model.layers,
                model.units,
                upper_layers=model.upper_layers,
                attention=model.attention,
                input_feeding=model.input_feeding,
                gate=model.gate,
                **options,
            )
        else:
            layers = model.layers + model.upper_layers
            self.decoder = PlainDecoder(layers, model.units, reads=model.picture, **options)
        self.output_layer = None if model.tie else keras.layers.Dense(vocab_size, name="output")
        self.changes_seed = keras.random.SeedGenerator()
        self.project.build((None, None, self.cells_shape[-1]))
        self.position = self.add_weight(
            shape=(self.cells_shape[0], model.units), initializer="zeros", name="position"
        )
        self.embedding.build()
        self.decoder.build(model.embedding_dim, model.units, model.units)
        if self.output_layer:
            self.output_layer.build((None, model.units))
        self.built = True

    def frozen_cells(self, images):
        """uint8 `[batch, size, size, 3]` -> float16 `[batch, cells, depth]`."""
        cells = self.picture_encoder(tf.cast(images, self.compute_dtype), training=False)
        return tf.cast(cells, tf.float16)

    def cells(self, inputs, training=False):
        """`[batch, cells, depth]`, before the projection for the decoder."""
        encoder = self.config.encoder
        if not encoder.train:
            return inputs
        images = tf.cast(inputs, tf.float32)
        if training:
            images = random_changes(
                images,
                self.changes_seed.next(),
                shift=encoder.shift,
                zoom=encoder.zoom,
                turn=encoder.turn,
                light=encoder.light,
                flip=encoder.flip,
            )
        # A pretrained network keeps the statistics of its millions of pictures.
        own = encoder.name == "cnn"
        return self.picture_encoder(images, training=training and own)

    def encode(self, inputs, training=False):
        """inputs -> (Memory, the decoder's first state)."""
        cells = tf.cast(self.cells(inputs, training), self.compute_dtype)
        values = self.project(cells) + tf.cast(self.position, self.compute_dtype)
        values = self.picture_dropout(values, training=training)  # [batch, cells, units]
        batch, count = tf.unstack(tf.shape(values)[:2])
        state = self.decoder.initial_state([tf.reduce_mean(values, 1)], count)
        return self.decoder.memory(values, tf.ones([batch, count], tf.bool)), state

    def logits(self, features):
        if self.output_layer:
            return self.output_layer(features)
        return self.embedding.logits(features)

    def step(self, memory):
        """The step function of common.decoding, over a memory with one row per picture; never
        <unk>, which is for words too rare to be learned."""
        unknown = tf.one_hot(UNK, self.embedding.vocab_size) * FORBIDDEN

        def step(tokens, state):
            features, state = self.decoder.step(self.embedding(tokens), memory, state)
            return tf.cast(self.logits(features), tf.float32) + unknown, state

        return step

    def call(self, inputs, training=False):
        """Teacher forcing: (inputs, shifted caption) -> (features `[batch, time, dim]`, attention
        `[batch, time, cells]` or None)."""
        pictures, shifted = inputs
        memory, state = self.encode(pictures, training)
        embedded = self.embedding_dropout(self.embedding(shifted), training=training)
        return self.decoder(embedded, memory, state, training=training)

    def token_losses(self, arrays, progress=0.0, training=True):
        """(inputs, caption) -> `Losses`; PAD is not scored."""
        agreement = self.config.model.agreement if training else 0.0
        inputs, caption = twice(arrays) if agreement else arrays
        shifted = tf.concat([tf.fill([tf.shape(caption)[0], 1], BOS), caption[:, :-1]], 1)
        features, weights = self((inputs, shifted), training=training)
        labels = tf.reshape(caption, [-1])
        scored = tf.where(labels != PAD)[:, 0]
        features = tf.gather(tf.reshape(features, [-1, features.shape[-1]]), scored)
        labels = tf.gather(labels, scored)
        smoothing = self.config.model.label_smoothing if training else 0.0
        logits = self.logits(features)
        losses, nll = smoothed_cross_entropy(logits, labels, smoothing)
        if agreement:
            losses += agreement * tf.tile(disagreement(logits), [2]) / 2
        loss = tf.reduce_sum(losses)
        if training and self.config.model.doubly_stochastic:
            loss += self.config.model.doubly_stochastic * doubly_stochastic(weights, caption)
        sums = loss, tf.cast(tf.size(labels), tf.float32), tf.reduce_sum(nll)
        return Losses(*(part / 2 for part in sums) if agreement else sums)


def doubly_stochastic(weights, caption):
    """sum_i (1 - sum_t a_ti)^2 over the batch, t over words: attention `[batch, time, cells]`,
    caption int `[batch, time]` (Xu et al. 2015, equation 14)."""
    words = tf.cast(caption != PAD, weights.dtype)[..., None]
    received = tf.reduce_sum(weights * words, 1)  # [batch, cells]
    return tf.reduce_sum(tf.cast((1 - received) ** 2, tf.float32))
