"""The network: bidirectional over words and their characters (Lample et al. 2016)."""

import keras
import tensorflow as tf

from common.layers import CRF, Embedding, Stack
from common.text import PAD, UNK
from common.training import Losses, smoothed_cross_entropy


class Tagger(keras.Model):
    """Words of a sentence -> a tag for each.

    Distinct words are spelled once per batch. Inputs are the words' ids int32 `[batch, time]`, PAD
    to the right; the characters of distinct words `[distinct, longest]`, from BOS to EOS; and the
    row of each word in them, `[batch, time]`.
    """

    def __init__(self, config, vocab, alphabet, tags, **kwargs):
        super().__init__(**kwargs)
        self.config = config
        depth = config.embedding_dim
        self.embedding = Embedding(vocab, depth, name="embedding")
        self.embedding.build()
        self.spelling = None
        if config.character_units:
            self.letters = Embedding(alphabet, config.character_dim, name="letters")
            self.letters.build()
            self.spelling = Stack(
                1, config.character_units, config.cell, bidirectional=True, name="spelling"
            )
            self.spelling.build((None, None, config.character_dim))
            depth += 2 * config.character_units
        self.encoder = Stack(
            config.layers,
            config.units,
            config.cell,
            bidirectional=True,
            dropout=config.dropout,
            name="encoder",
        )
        self.encoder.build((None, None, depth))
        self.output_layer = keras.layers.Dense(tags, name="output")
        self.output_layer.build((None, None, 2 * config.units))
        self.crf = CRF(tags, name="crf") if config.crf else None
        if self.crf:
            self.crf.build()
        self.input_dropout = keras.layers.Dropout(config.embedding_dropout)
        self.output_dropout = keras.layers.Dropout(config.dropout)
        self.word_seed = keras.random.SeedGenerator() if config.word_dropout else None
        self.built = True

    def drop_words(self, words):
        """Word dropout: some words become <unk>, so that characters and neighbours are learned."""
        drawn = keras.random.uniform(tf.shape(words), seed=self.word_seed)
        return tf.where((drawn < self.config.word_dropout) & (words != PAD), UNK, words)

    def spell(self, characters, training=False):
        """`[distinct, longest]` -> last states of both directions `[distinct, 2 units]`."""
        mask = characters != PAD
        _, [state] = self.spelling(self.letters(characters), mask=mask, training=training)
        return tf.concat([state[0], state[len(state) // 2]], -1)

    def call(self, inputs, training=False):
        """(words, characters, rows) -> emissions `[batch, time, tags]`, float32."""
        words, characters, rows = inputs
        mask = words != PAD
        read = self.drop_words(words) if training and self.word_seed else words
        x = self.embedding(read)
        if self.spelling:
            spelled = self.spell(characters, training)
            x = tf.concat([x, tf.gather(spelled, rows)], -1)
        x = self.input_dropout(x, training=training)
        x, _ = self.encoder(x, mask=mask, training=training)
        return tf.cast(self.output_layer(self.output_dropout(x, training=training)), tf.float32)

    def tag(self, inputs):
        """(words, characters, rows) -> (tags int32 `[batch, time]`, their probabilities)."""
        emissions, mask = self(inputs), inputs[0] != PAD
        if self.crf:
            tags, _ = self.crf.decode(emissions, mask)
            shares = self.crf.marginals(emissions, mask)
        else:
            tags = tf.argmax(emissions, -1, output_type=tf.int32)
            shares = tf.nn.softmax(emissions)
        return tags, tf.gather(shares, tags, batch_dims=2)

    def token_losses(self, arrays, progress=0.0, training=True):
        """(words, characters, rows, tags) -> `Losses`, of words."""
        *inputs, tags = arrays
        emissions, mask = self(inputs, training=training), inputs[0] != PAD
        if self.crf:
            nll = -self.crf.log_likelihood(emissions, tags, mask)
        else:
            flat = tf.reshape(emissions, [-1, emissions.shape[-1]]), tf.reshape(tags, [-1])
            nll, _ = smoothed_cross_entropy(*flat)
            nll *= tf.cast(tf.reshape(mask, [-1]), tf.float32)
        total = tf.reduce_sum(nll)
        return Losses(total, tf.reduce_sum(tf.cast(mask, tf.float32)), total)
