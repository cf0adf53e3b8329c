"""Attention of a question over the sentences of a story, in several hops."""

import math

import keras
import tensorflow as tf

from common.layers import Stack
from common.special_tokens import FORBIDDEN
from common.text import EOS, PAD

EMBEDDING_SCALE = 0.3  # with variance 1, the first attention would be nearly one-hot


class MemoryReader(keras.layers.Layer):
    """An end-to-end memory network (Sukhbaatar et al. 2015) with a recurrent memory.

    s_i is the vector of sentence i and q that of the question: the position-weighted sum of its
    word embeddings e_j, plus the last states of a bidirectional layer over them,

        s = sum_j l_j * e_j + BiRNN(e_1 ... e_J)

    The sum alone can only match words that two sentences share; the layer adds order and phrases.
    Story layers then read the sentences in order, each with the representation of the question that
    the layer before computed at its place (as in query-reduction networks, Seo et al. 2017): with
    q_i^1 = q,

        q_i^{l+1} = W_l BiRNN_l([s_i, q_i^l, s_i * q_i^l])_i
        f_i       = s_i + q_i^{L+1}

    (f_i = s_i without story layers). The last W starts near 0, so that training begins with the
    plain memory network. Each hop k attends to the whole story, u_1 = q, d units:

        p_i^k   = softmax_i(u_k . (A_k f_i + a_{age i}) / sqrt(d))
        u_{k+1} = u_k + sum_i p_i^k (C_k f_i + c_{age i})

    with learned vectors a and c for the age of a sentence, counted back from the question. Time
    noise: in training, random sentences make all sentences before them older by one more.

    Call: int `[batch, time]` -> (u of the last hop `[batch, units]`, p `[batch, hops, sentences]`).
    """

    def __init__(self, config, embedding):
        super().__init__(name="memory_reader")
        self.config, self.embedding = config, embedding
        units, half = config.units, config.units // 2

        def bidirectional(name):
            return Stack(1, half, config.cell, bidirectional=True, name=name)

        def dense(name, bias=True):
            return keras.layers.Dense(units, use_bias=bias, name=name)

        self.word_dropout = keras.layers.Dropout(config.word_dropout)
        self.sentence_dropout = keras.layers.Dropout(config.dropout)
        self.words = bidirectional("words") if config.sentence == "recurrent" else None
        layers, hops = range(config.story_layers), range(config.hops)
        self.stories = [bidirectional(f"story_{n}") for n in layers]
        self.merges = [dense(f"merge_{n}") for n in layers]
        for last in self.merges[-1:]:
            last.kernel_initializer = keras.initializers.RandomNormal(stddev=0.01)
        self.keys = [dense(f"keys_{n}", bias=False) for n in hops]
        self.values = [dense(f"values_{n}", bias=False) for n in hops]
        self.seed = keras.random.SeedGenerator()

    def build(self):
        units, oldest = self.config.units, self.config.oldest
        if self.words:
            self.words.build((None, None, units))
        for story in self.stories:
            story.build((None, None, 3 * units))
        for layer in (*self.merges, *self.keys, *self.values):
            layer.build((None, units))
        options = {"shape": (oldest, units), "initializer": keras.initializers.RandomNormal(0, 0.1)}
        self.key_ages = self.add_weight(name="key_ages", **options)
        self.value_ages = self.add_weight(name="value_ages", **options)
        self.built = True

    def call(self, tokens, training=False):
        words, counts = sentences(tokens)
        vectors = self.encode(words, training)  # [all sentences, units]
        vectors = tf.RaggedTensor.from_row_lengths(vectors, counts).to_tensor()
        question = tf.gather(vectors, counts - 1, batch_dims=1)  # [batch, units]
        vectors = vectors[:, :-1]  # [batch, sentences, units]
        mask = tf.range(tf.shape(vectors)[1]) < counts[:, None] - 1  # [batch, sentences]
        facts = self.read(vectors, question, mask, training)
        facts = self.sentence_dropout(facts, training=training)
        ages = self.ages(mask, training)
        key_ages, value_ages = tf.gather(self.key_ages, ages), tf.gather(self.value_ages, ages)
        state, attention = question, []
        for to_keys, to_values in zip(self.keys, self.values, strict=True):
            scores = tf.einsum("bsd,bd->bs", to_keys(facts) + key_ages, state)
            scores /= math.sqrt(self.config.units)
            # A softmax in half precision would lose the small weights.
            weights = tf.nn.softmax(tf.where(mask, tf.cast(scores, tf.float32), FORBIDDEN))
            attention.append(weights)  # [batch, sentences]
            values = to_values(facts) + value_ages
            state += tf.einsum("bs,bsd->bd", tf.cast(weights, values.dtype), values)
        return state, tf.stack(attention, 1)

    def encode(self, words, training=False):
        """Words of sentences, int `[n, words]` -> `[n, units]`."""
        # Stories repeat sentences: each is encoded once per batch.
        words, places = tf.raw_ops.UniqueV2(x=words, axis=[0])
        embedded, mask = self.embedding(words) * EMBEDDING_SCALE, words != PAD
        embedded = self.word_dropout(embedded, training=training)
        vectors = position_sum(embedded, mask)
        if self.words:
            _, [state] = self.words(embedded, mask=mask, training=training)
            # The outputs h of both directions, without the inner states of the cells.
            vectors += tf.concat(state[:: len(state) // 2], -1)
        return tf.gather(self.sentence_dropout(vectors, training=training), places)

    def read(self, vectors, question, mask, training=False):
        """The facts f: `[batch, sentences, units]`."""
        if not self.stories:
            return vectors
        asked = tf.broadcast_to(question[:, None], tf.shape(vectors))
        for story, merge in zip(self.stories, self.merges, strict=True):
            inputs = tf.concat([vectors, asked, vectors * asked], -1)
            found, _ = story(inputs, mask=mask, training=training)
            asked = merge(found)
        return vectors + asked

    def ages(self, mask, training=False):
        """int `[batch, sentences]`: 0 for the sentence before the question, 1 before that ..."""
        steps = tf.cast(mask, tf.int32)
        if training and self.config.time_noise:
            drawn = keras.random.uniform(tf.shape(mask), seed=self.seed)
            steps += tf.cast(mask & (drawn < self.config.time_noise), tf.int32)
        ages = tf.cumsum(steps, 1, exclusive=True, reverse=True)
        return tf.minimum(ages, self.config.oldest - 1)


def sentences(tokens):
    """Rows `[batch, time]` -> (words `[all sentences, words]`, sentences per row `[batch]`)."""
    ends = tf.cast(tokens == EOS, tf.int32)
    counts = tf.reduce_sum(ends, 1)
    # For each token the number of its sentence in the whole batch.
    number = tf.cumsum(counts, exclusive=True)[:, None] + tf.cumsum(ends, 1, exclusive=True)
    kept = (tokens != PAD) & (tokens != EOS)
    words = tf.RaggedTensor.from_value_rowids(
        tokens[kept], number[kept], tf.reduce_sum(counts), validate=False
    )
    return words.to_tensor(PAD), counts


def position_sum(embedded, mask):
    """sum_j l_j * e_j with l_jk = (1 - j / J) - (k / d) (1 - 2 j / J), j and k counted from 1
    (position encoding of Sukhbaatar et al.): `[n, words, d]` -> `[n, d]`."""
    depth = embedded.shape[-1]
    mask = tf.cast(mask, embedded.dtype)
    place = tf.range(1, tf.shape(embedded)[1] + 1, dtype=tf.int32)  # j
    place = tf.cast(place[:, None], embedded.dtype) / tf.reduce_sum(mask, 1)[:, None, None]
    share = tf.cast(tf.range(1, depth + 1) / depth, embedded.dtype)  # k / d
    weights = (1 - place) - share * (1 - 2 * place)  # [n, words, d]
    return tf.reduce_sum(weights * embedded * mask[..., None], 1)
