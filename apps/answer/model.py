"""The networks: attention over the sentences of a story, and one reader of it all."""

import keras
import tensorflow as tf
from keras import ops

from common.layers import Embedding, Stack
from common.losses import smoothed_cross_entropy
from common.text import EOS, PAD


class Answerer(keras.Model):
    """Story and question `[batch, time]` (EOS behind each sentence, PAD to the right) -> answer."""

    def __init__(self, config, vocab, answers, **kwargs):
        super().__init__(**kwargs)
        self.config = config
        embedding = Embedding(vocab, config.embedding_dim, name="embedding")
        embedding.build()
        reader = MemoryReader if config.kind == "memory" else FlatReader
        self.reader = reader(config, embedding)
        self.output_dropout = keras.layers.Dropout(config.dropout)
        self.classes = keras.layers.Dense(answers, name="answers")
        self.reader.build()
        self.classes.build((None, self.reader.features))
        self.built = True

    def call(self, tokens, training=False):
        """-> (logits `[batch, answers]`, attention `[batch, hops, sentences]` or None)."""
        features, attention = self.reader(tokens, training=training)
        features = self.output_dropout(features, training=training)
        return tf.cast(self.classes(features), tf.float32), attention

    def token_losses(self, arrays, progress=0.0, training=True):
        """(tokens, answers `[batch, 1]`) -> (sum of losses, number of questions, sum of nll)."""
        tokens, answers = arrays
        logits, _ = self(tokens, training=training)
        loss, nll = smoothed_cross_entropy(logits, answers[:, 0])
        return tf.reduce_sum(loss), tf.cast(tf.shape(tokens)[0], tf.float32), tf.reduce_sum(nll)


class FlatReader(keras.layers.Layer):
    """The state of a recurrent layer after all words of story and question."""

    def __init__(self, config, embedding):
        super().__init__(name="flat_reader")
        self.features, self.embedding = config.units, embedding
        self.word_dropout = keras.layers.Dropout(config.word_dropout)
        self.rnn = Stack(1, config.units, config.cell, name="words")

    def build(self):
        self.rnn.build((None, None, self.embedding.dim))
        self.built = True

    def call(self, tokens, training=False):
        embedded = self.word_dropout(self.embedding(tokens), training=training)
        _, [state] = self.rnn(embedded, mask=tokens != PAD, training=training)
        return state[0], None


class MemoryReader(keras.layers.Layer):
    """An end-to-end memory network (Sukhbaatar et al. 2015) over recurrent sentence vectors.

    With s_i the vector of sentence i, f_i that vector with what a bidirectional layer over the
    sentences adds, and q that of the question, u_1 = q and for each hop k

        p_i = softmax_i(u_k . (A_k f_i + a_{age i}))
        u_{k+1} = u_k + sum_i p_i (C_k f_i + c_{age i})

    ages are counted back from the question.
    """

    def __init__(self, config, embedding):
        super().__init__(name="memory_reader")
        self.config, self.features, self.embedding = config, config.units, embedding
        self.word_dropout = keras.layers.Dropout(config.word_dropout)
        half = config.units // 2
        if config.sentence == "recurrent":
            self.words = Stack(1, half, config.cell, bidirectional=True, name="words")
        self.sentence_dropout = keras.layers.Dropout(config.dropout)
        if config.story_layers:
            self.story = Stack(
                config.story_layers,
                half if config.story != "question" else config.units,
                config.cell,
                bidirectional=True,
                dropout=config.dropout,
                name="story",
            )
            self.merge = keras.layers.Dense(config.units, name="merge")
        self.keys = [
            keras.layers.Dense(config.units, use_bias=False, name=f"keys_{k}")
            for k in range(config.hops)
        ]
        self.values = [
            keras.layers.Dense(config.units, use_bias=False, name=f"values_{k}")
            for k in range(config.hops)
        ]
        self.updates = [
            keras.layers.Dense(config.units, activation="relu", name=f"update_{k}")
            for k in range(config.hops)
        ]
        self.seed = keras.random.SeedGenerator()

    def build(self):
        c = self.config
        d = c.units
        if c.sentence == "recurrent":
            self.words.build((None, None, c.embedding_dim))
        if c.story_layers:
            self.story.build((None, None, d if c.story != "question" else 3 * d))
            self.merge.build((None, d if c.story != "question" else 2 * d))
        for k in range(c.hops):
            self.keys[k].build((None, d))
            self.values[k].build((None, d))
            if c.update != "add":
                self.updates[k].build((None, 3 * d))
        init = keras.initializers.RandomNormal(stddev=0.1)
        self.key_ages = self.add_weight(shape=(c.oldest, d), initializer=init, name="key_ages")
        self.value_ages = self.add_weight(shape=(c.oldest, d), initializer=init, name="value_ages")
        self.built = True

    def encode(self, words, training):
        """int `[n, words]` -> `[n, units]`."""
        # Stories tell the same sentences again and again: each is read once a batch.
        words, places = tf.raw_ops.UniqueV2(x=words, axis=[0])
        mask = words != PAD
        embedded = self.word_dropout(self.embedding(words), training=training)
        if self.config.sentence == "recurrent":
            _, [state] = self.words(embedded, mask=mask, training=training)
            h = state[:: len(state) // 2]
            vectors = ops.concatenate(h, -1)
        else:
            vectors = position_sum(embedded, mask)
        vectors = self.sentence_dropout(vectors, training=training)
        return tf.gather(vectors, places)

    def call(self, tokens, training=False):
        words, counts = sentences(tokens)
        vectors = self.encode(words, training)  # [all sentences, units]
        vectors = tf.RaggedTensor.from_row_lengths(vectors, counts).to_tensor()
        question = tf.gather(vectors, counts - 1, batch_dims=1)  # [batch, units]
        vectors = vectors[:, :-1]
        places = tf.range(tf.shape(vectors)[1])
        mask = places < counts[:, None] - 1  # [batch, sentences]
        facts = vectors
        if self.config.story_layers:
            inputs = facts
            if self.config.story == "question":
                q = tf.broadcast_to(question[:, None], tf.shape(facts))
                inputs = tf.concat([facts, q, facts * q], -1)
            found, _ = self.story(inputs, mask=mask, training=training)
            facts += self.merge(found)
        facts = self.sentence_dropout(facts, training=training)
        ages = self.ages(mask, training)
        key_ages, value_ages = tf.gather(self.key_ages, ages), tf.gather(self.value_ages, ages)
        u, attention = question, []
        for k in range(self.config.hops):
            keys = self.keys[k](facts) + key_ages
            values = self.values[k](facts) + value_ages
            scores = tf.einsum("bsd,bd->bs", keys, u)
            if self.config.scaled:
                scores /= self.config.units**0.5
            p = tf.nn.softmax(tf.where(mask, scores, -1e9))
            o = tf.einsum("bs,bsd->bd", p, values)
            u = (
                u + o
                if self.config.update == "add"
                else self.updates[k](tf.concat([u, o, question], -1))
            )
            attention.append(p)
        return u, tf.stack(attention, 1)

    def ages(self, mask, training):
        """int `[batch, sentences]`: 0 for the sentence before the question, 1 before that ..."""
        steps = tf.cast(mask, tf.int32)
        if training and self.config.time_noise:
            drawn = keras.random.uniform(tf.shape(mask), seed=self.seed)
            steps += tf.cast(mask & (drawn < self.config.time_noise), tf.int32)
        ages = tf.cumsum(steps, 1, exclusive=True, reverse=True)
        return tf.minimum(ages, self.config.oldest - 1)


def sentences(tokens):
    """Flat rows `[batch, time]` -> (words `[all sentences, words]`, sentences a row `[batch]`)."""
    ends = tf.cast(tokens == EOS, tf.int32)
    counts = tf.reduce_sum(ends, 1)
    number = tf.cumsum(counts, exclusive=True)[:, None] + tf.cumsum(ends, 1, exclusive=True)
    kept = (tokens != PAD) & (tokens != EOS)
    words = tf.RaggedTensor.from_value_rowids(
        tokens[kept], number[kept], tf.reduce_sum(counts), validate=False
    )
    return words.to_tensor(PAD), counts


def position_sum(embedded, mask):
    """sum_j l_j * e_j with l_jk = (1 - j / J) - (k / d) (1 - 2 j / J), j and k from 1 (Sukhbaatar
    et al. 2015, position encoding): `[n, words, d]` -> `[n, d]`."""
    d = embedded.shape[-1]
    j = tf.range(1, tf.shape(embedded)[1] + 1, dtype=tf.float32)[:, None]
    k = tf.range(1, d + 1, dtype=tf.float32) / d
    length = tf.reduce_sum(tf.cast(mask, tf.float32), 1)[:, None, None]
    weights = (1 - j / length) - k * (1 - 2 * j / length)  # [n, words, d]
    return tf.reduce_sum(weights * embedded * tf.cast(mask, tf.float32)[..., None], 1)
