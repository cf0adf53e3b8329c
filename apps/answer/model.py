"""The network: a reader of story and question, and the answers as classes."""

import keras
import tensorflow as tf

from apps.answer.memory import MemoryReader
from common.layers import Embedding, Stack
from common.text import PAD
from common.training import Losses, smoothed_cross_entropy


class Answerer(keras.Model):
    """Story and question `[batch, time]` (EOS after each sentence, PAD to the right) -> answer."""

    def __init__(self, config, vocab, answers, **kwargs):
        super().__init__(**kwargs)
        embedding = Embedding(vocab, config.units, name="embedding")
        embedding.build()
        reader = MemoryReader if config.kind == "memory" else FlatReader
        self.reader = reader(config, embedding)
        self.output_dropout = keras.layers.Dropout(config.dropout)
        self.classes = keras.layers.Dense(answers, name="answers")
        self.reader.build()
        self.classes.build((None, config.units))
        self.built = True

    def call(self, tokens, training=False):
        """-> (logits `[batch, answers]`, attention `[batch, hops, sentences]` or None)."""
        features, attention = self.reader(tokens, training=training)  # [batch, units]
        features = self.output_dropout(features, training=training)
        return tf.cast(self.classes(features), tf.float32), attention

    def token_losses(self, arrays, progress=0.0, training=True):
        """(tokens, answers `[batch, 1]`) -> `Losses`, of questions."""
        tokens, answers = arrays
        logits, _ = self(tokens, training=training)
        nll, _ = smoothed_cross_entropy(logits, answers[:, 0])
        total = tf.reduce_sum(nll)
        return Losses(total, tf.cast(tf.shape(tokens)[0], tf.float32), total)


class FlatReader(keras.layers.Layer):
    """The last state of a recurrent layer over the words of story and question."""

    def __init__(self, config, embedding):
        super().__init__(name="flat_reader")
        self.embedding = embedding
        self.word_dropout = keras.layers.Dropout(config.word_dropout)
        self.words = Stack(1, config.units, config.cell, name="words")

    def build(self):
        self.words.build((None, None, self.embedding.dim))
        self.built = True

    def call(self, tokens, training=False):
        embedded = self.word_dropout(self.embedding(tokens), training=training)
        _, [state] = self.words(embedded, mask=tokens != PAD, training=training)
        return state[0], None
