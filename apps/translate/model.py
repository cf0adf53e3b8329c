"""The network: bidirectional encoder, attention decoder (Bahdanau 2015, Luong 2015)."""

import keras
import tensorflow as tf

from common.layers import AttentionDecoder, Embedding, Stack
from common.text import BOS, PAD
from common.training import Losses, disagreement, smoothed_cross_entropy, twice


class Translator(keras.Model):
    """Source tokens `[batch, source]`, ending with EOS, PAD to the right -> target tokens.

    Decoding uses `encode` and `step`, training uses `token_losses`. XLA needs `static_shapes`,
    which also computes the padding.
    """

    def __init__(self, config, source_vocab, target_vocab, static_shapes=False, **kwargs):
        super().__init__(**kwargs)
        self.static_shapes = static_shapes
        self.config = config
        dim, units, rate = config.embedding_dim, config.units, config.dropout
        tied = config.tie != "none"
        noise_shape = (None, 1, None) if config.same_dropout else None
        self.target_embedding = Embedding(target_vocab, dim, output=tied, name="target_embedding")
        self.source_embedding = self.target_embedding
        if config.tie != "all":
            self.source_embedding = Embedding(source_vocab, dim, name="source_embedding")
        self.output_layer = None if tied else keras.layers.Dense(target_vocab, name="output")
        self.word_dropout = keras.layers.Dropout(config.word_dropout, (None, None, 1))
        self.source_dropout = keras.layers.Dropout(config.embedding_dropout, noise_shape)
        self.target_dropout = keras.layers.Dropout(config.embedding_dropout, noise_shape)
        self.encoder = Stack(
            config.encoder_layers,
            units,
            config.cell,
            bidirectional=True,
            dropout=rate,
            same_dropout=config.same_dropout,
            name="encoder",
        )
        self.memory_dropout = keras.layers.Dropout(rate, noise_shape)
        self.decoder = AttentionDecoder(
            config.decoder_layers,
            units,
            features=dim if tied else units,
            upper_layers=config.upper_layers,
            cell=config.cell,
            attention=config.attention,
            input_feeding=config.input_feeding,
            dropout=rate,
            output_dropout=config.output_dropout,
            same_dropout=config.same_dropout,
            name="decoder",
        )
        self.sampling_seed = None
        if config.scheduled_sampling:
            self.sampling_seed = keras.random.SeedGenerator()
        self.target_embedding.build()
        if not self.source_embedding.built:
            self.source_embedding.build()
        self.encoder.build((None, None, dim))
        states = len(self.encoder.rnns[0].forward_layer.get_initial_state(1))
        self.decoder.build(dim, 2 * units, 2 * states * units)
        if self.output_layer:
            self.output_layer.build((None, units))
        self.built = True

    def encode(self, source, training=False):
        """`[batch, source]` -> (Memory, the decoder's first state)."""
        mask = tf.not_equal(source, PAD)
        embedded = self.word_dropout(self.source_embedding(source), training=training)
        embedded = self.source_dropout(embedded, training=training)
        values, states = self.encoder(embedded, mask=mask, training=training)
        values = self.memory_dropout(values, training=training)
        summaries = [tf.concat(state, -1) for state in states]
        state = self.decoder.initial_state(summaries, tf.shape(source)[1])
        return self.decoder.memory(values, mask), state

    def logits(self, features):
        if self.output_layer:
            return self.output_layer(features)
        return self.target_embedding.logits(features)

    def step(self, memory):
        """The step function of common.decoding, over a memory with one row per hypothesis."""

        def step(tokens, state):
            features, state = self.decoder.step(self.target_embedding(tokens), memory, state)
            return self.logits(features), state

        return step

    def call(self, inputs, training=False):
        """Teacher forcing: (source, shifted target) -> (features `[batch, target, dim]`, attention
        `[batch, target, source]`)."""
        source, shifted = inputs
        memory, state = self.encode(source, training)
        embedded = self.word_dropout(self.target_embedding(shifted), training=training)
        embedded = self.target_dropout(embedded, training=training)
        return self.decoder(embedded, memory, state, training=training)

    def token_losses(self, arrays, progress=0.0, training=True):
        """(source, target) -> `Losses`; PAD is not scored."""
        agreement = self.config.agreement if training else 0.0
        source, target = twice(arrays) if agreement else arrays
        shifted = tf.concat([tf.fill([tf.shape(target)[0], 1], BOS), target[:, :-1]], 1)
        if training and self.config.scheduled_sampling:
            shifted = self.sample_words(source, shifted, progress)
        features, _ = self((source, shifted), training=training)
        labels = tf.reshape(target, [-1])
        features = tf.reshape(features, [-1, features.shape[-1]])
        if not self.static_shapes:  # spares the output layer, the largest part, the padding
            scored = tf.where(labels != PAD)[:, 0]
            labels, features = tf.gather(labels, scored), tf.gather(features, scored)
        smoothing = self.config.label_smoothing if training else 0.0
        logits = self.logits(features)
        losses, nll = smoothed_cross_entropy(logits, labels, smoothing)
        if agreement:
            losses += agreement * tf.tile(disagreement(logits), [2]) / 2
        weights = tf.cast(labels != PAD, tf.float32)
        passes = 2.0 if agreement else 1.0
        return Losses(*(tf.reduce_sum(weights * part) / passes for part in (losses, 1.0, nll)))

    def sample_words(self, source, shifted, progress):
        """Scheduled sampling in two passes (Bengio et al. 2015; Mihaylova & Martins 2019): replaces
        some words of the shifted target by the model's own predictions."""
        features, _ = self((source, shifted), training=True)
        said = tf.argmax(self.logits(features), -1, tf.int32)
        said = tf.concat([shifted[:, :1], said[:, :-1]], 1)
        rate = self.config.scheduled_sampling * progress
        drawn = keras.random.uniform(tf.shape(shifted), seed=self.sampling_seed) < rate
        keep = tf.logical_or(tf.equal(shifted, PAD), tf.logical_not(drawn))
        return tf.stop_gradient(tf.where(keep, shifted, said))
