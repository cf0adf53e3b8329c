"""The network: a monotonic encoder-decoder, and a character language model combined with it."""

import keras
import tensorflow as tf

from common.layers import Embedding, Stack
from common.special_tokens import FORBIDDEN
from common.text import BOS, EOS, PAD, UNK
from common.training import Losses, smoothed_cross_entropy


class Converter(keras.Model):
    """Syllables s `[batch, time]` -> characters c, one for each, among those the syllable allows:

        h = encoder([S[s_t], P[s_(t-1), s_t], P[s_t, s_(t+1)]])          both directions
        u_t = [C[c_(t-1)], Q[c_(t-1), s_t], h_t]
        p(c_t | c_<t, s) = softmax over allowed(s_t) of C tanh(W [decoder(u)_t, u_t])
        q(c_t | c_<t)    = softmax over all of C tanh(V language(C[c_(t-1)])_t)

    C is the character table. P and Q are hashed tables of pairs: they learn the influence of
    neighbours sooner than the states do (as the n-grams of RNNME, Mikolov et al. 2011). p and q are
    trained together. A search scores log p(c_t) = (1 - w) log p + w log q. q does not depend on the
    syllable: it scores how well the text continues, which p, normalised for each syllable, cannot.
    """

    def __init__(self, config, allowed, **kwargs):
        super().__init__(**kwargs)
        self.config = config
        self.allowed = tf.constant(allowed)
        syllables, characters = allowed.shape
        dim, units, rate = config.embedding_dim, config.units, config.dropout
        self.syllables = Embedding(syllables, dim, name="syllables")
        self.syllable_pairs = Embedding(config.pair_buckets, config.pair_dim, name="pairs")
        self.mixed_pairs = Embedding(config.pair_buckets, config.pair_dim, name="mixed_pairs")
        self.characters = Embedding(characters, dim, output=True, name="characters")
        options = {"units": units, "cell": config.cell, "dropout": rate}
        self.encoder = Stack(config.encoder_layers, **options, bidirectional=True, name="encoder")
        self.decoder = Stack(config.decoder_layers, **options, name="decoder")
        self.language = Stack(config.language_layers, **options, name="language")
        self.decoder_output = keras.layers.Dense(dim, "tanh", name="decoder_output")
        self.language_output = keras.layers.Dense(dim, "tanh", name="language_output")
        self.word_dropout = keras.layers.Dropout(config.word_dropout, (None, None, 1))
        self.embedding_dropout = keras.layers.Dropout(config.embedding_dropout)
        self.memory_dropout = keras.layers.Dropout(rate)
        self.output_dropout = keras.layers.Dropout(config.output_dropout)
        pairs = self.syllable_pairs, self.mixed_pairs
        for embedding in (self.syllables, self.characters, *pairs):
            embedding.build()
        for embedding in pairs:  # small at first, so that rare pairs contribute little
            embedding.table.assign(0.05 * embedding.table.value)
        depth = dim + config.pair_dim + 2 * units
        self.encoder.build((None, None, dim + 2 * config.pair_dim))
        self.decoder.build((None, None, depth))
        self.language.build((None, None, dim))
        self.decoder_output.build((None, units + depth))
        self.language_output.build((None, units))
        self.built = True

    def pairs(self, table, before, syllables):
        return table((before * self.allowed.shape[0] + syllables) % self.config.pair_buckets)

    def encode(self, syllables, training=False):
        """`[batch, time]` -> h, `[batch, time, 2 * units]`."""
        padded = tf.pad(syllables, [[0, 0], [1, 1]])
        pairs = self.pairs(self.syllable_pairs, padded[:, :-1], padded[:, 1:])
        embedded = tf.concat([self.syllables(syllables), pairs[:, :-1], pairs[:, 1:]], -1)
        embedded = self.embedding_dropout(embedded, training=training)
        memory, _ = self.encoder(embedded, mask=syllables != PAD, training=training)
        return self.memory_dropout(memory, training=training)

    def embed(self, before, syllables):
        """Previous characters and syllables, int `[...]` -> `[..., dim + pair_dim]`."""
        pairs = self.pairs(self.mixed_pairs, before, syllables)
        return tf.concat([self.characters(before), pairs], -1)

    def call(self, inputs, training=False):
        """Teacher forcing: (syllables, previous characters) -> (features of p, of q), each
        `[batch, time, dim]`."""
        syllables, before = inputs
        memory = self.encode(syllables, training)
        embedded = self.word_dropout(self.embed(before, syllables), training=training)
        embedded = self.embedding_dropout(embedded, training=training)
        joined = tf.concat([embedded, memory], -1)
        decoded, _ = self.decoder(joined, training=training)
        followed, _ = self.language(embedded[..., : self.characters.dim], training=training)
        features = self.features(decoded, joined, followed)
        return [self.output_dropout(one, training=training) for one in features]

    def features(self, decoded, joined, followed):
        return self.decoder_output(tf.concat([decoded, joined], -1)), self.language_output(followed)

    def masked(self, logits, syllables):
        """`[n, characters]`, FORBIDDEN where the syllable `[n]` does not allow a character."""
        return tf.where(tf.gather(self.allowed, syllables), tf.cast(logits, tf.float32), FORBIDDEN)

    def log_probs(self, features, syllables, weight):
        """((features of p, of q), each `[n, dim]`, syllables `[n]`, w) -> log-probabilities
        `[n, characters]` of p and q combined.

        The probabilities sum to less than 1, by how badly the text continues with this syllable.
        The rest is put on PAD, which no search writes, so that normalising changes nothing.
        """
        logits = self.characters.logits(tf.concat(features, 0))  # one product for both is faster
        own, follow = tf.split(tf.cast(logits, tf.float32), 2)
        own = tf.nn.log_softmax(self.masked(own, syllables))
        mixed = (1 - weight) * own + weight * tf.nn.log_softmax(follow)
        # <unk> is useless; a character has next to no p if the syllable does not allow it.
        mixed = tf.where(own > FORBIDDEN / 2, mixed, FORBIDDEN)[:, EOS + 1 :]
        rest = 1 - tf.reduce_sum(tf.exp(mixed), -1, keepdims=True)
        rest = tf.math.log(tf.maximum(rest, 1e-9))
        never = tf.fill([tf.shape(mixed)[0], EOS], FORBIDDEN)
        return tf.concat([rest, never, mixed], -1)

    def step(self, memory, syllables, weight, batch):
        """(the step function of common.decoding over memory and syllables `[rows, time]`, its first
        state for `batch` rows)."""

        def step(tokens, state):
            position, decoder, language = state  # position [rows], the same in all rows
            here = syllables[:, position[0]]  # [rows]
            embedded = self.embed(tokens, here)
            joined = tf.concat([embedded, memory[:, position[0]]], -1)
            decoded, decoder = self.decoder.step(joined, decoder)
            followed, language = self.language.step(embedded[:, : self.characters.dim], language)
            logits = self.log_probs(self.features(decoded, joined, followed), here, weight)
            return logits, (position + 1, decoder, language)

        states = (self.decoder.zero_state(batch), self.language.zero_state(batch))
        return step, (tf.zeros([batch], tf.int32), *states)

    def token_losses(self, arrays, progress=0.0, training=True):
        """(syllables, characters) -> `Losses`, whose nll is the loss itself.

        The loss of a character is -log p - log q; PAD is not scored.
        """
        syllables, characters = arrays
        features = self((syllables, shifted(characters)), training=training)
        scored = tf.where(characters != PAD)  # [n, 2]; spares the output layer the padding
        own, follow = (self.characters.logits(tf.gather_nd(one, scored)) for one in features)
        labels, heard = tf.gather_nd(characters, scored), tf.gather_nd(syllables, scored)
        of_language, _ = smoothed_cross_entropy(follow, labels)
        # A reading in neither training nor dictionary is scored as an unknown character.
        labels = tf.where(tf.gather_nd(self.allowed, tf.stack([heard, labels], 1)), labels, UNK)
        nll, _ = smoothed_cross_entropy(self.masked(own, heard), labels)
        count = tf.cast(tf.shape(labels)[0], tf.float32)
        total = tf.reduce_sum(nll + of_language)
        return Losses(total, count, total)


def shifted(characters):
    """Each character's predecessor, BOS at first."""
    return tf.concat([tf.fill([tf.shape(characters)[0], 1], BOS), characters[:, :-1]], 1)
