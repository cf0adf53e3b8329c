"""The network: an encoder-decoder aligned one to one, and a character language model beside it."""

import keras
import tensorflow as tf

from common.decoding.hypotheses import FORBIDDEN
from common.layers import Embedding, Stack
from common.losses import smoothed_cross_entropy
from common.text import BOS, EOS, PAD


class Converter(keras.Model):
    """Syllables s `[batch, time]` -> characters c, one each, of those that the syllable allows:

        h = encoder(S[s])                   both directions
        d_t = decoder(C[c_(t-1)], h_t)      p(c_t | c_<t, s) = softmax over allowed(s_t) of C f_t
        l_t = language(C[c_(t-1)])          q(c_t | c_<t)    = softmax over all of C g_t

    with f_t = tanh(W [d_t, h_t]), g_t = tanh(V l_t), and C the table of characters. Both learn at
    once; a search scores log p(c_t) = (1 - w) log p + w log q. q is not told the syllable: it says
    how probable it is that text goes on so, which p, a distribution for each syllable, cannot.
    """

    def __init__(self, config, allowed, **kwargs):
        super().__init__(**kwargs)
        self.config = config
        self.allowed = tf.constant(allowed)
        syllables, characters = allowed.shape
        dim, units, rate = config.embedding_dim, config.units, config.dropout
        self.syllables = Embedding(syllables, dim, name="syllables")
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
        self.syllables.build()
        self.characters.build()
        self.encoder.build((None, None, dim))
        self.decoder.build((None, None, dim + 2 * units))
        self.language.build((None, None, dim))
        self.decoder_output.build((None, 3 * units))
        self.language_output.build((None, units))
        self.built = True

    def encode(self, syllables, training=False):
        """`[batch, time]` -> `[batch, time, 2 * units]`."""
        embedded = self.embedding_dropout(self.syllables(syllables), training=training)
        memory, _ = self.encoder(embedded, mask=syllables != PAD, training=training)
        return self.memory_dropout(memory, training=training)

    def call(self, inputs, training=False):
        """Teacher forcing: (syllables, characters before) -> (f, g), each `[batch, time, dim]`."""
        syllables, before = inputs
        memory = self.encode(syllables, training)
        embedded = self.word_dropout(self.characters(before), training=training)
        embedded = self.embedding_dropout(embedded, training=training)
        decoded, _ = self.decoder(tf.concat([embedded, memory], -1), training=training)
        followed, _ = self.language(embedded, training=training)
        features = (
            self.decoder_output(tf.concat([decoded, memory], -1)),
            self.language_output(followed),
        )
        return tuple(self.output_dropout(one, training=training) for one in features)

    def masked(self, logits, syllables):
        """`[n, characters]`, FORBIDDEN where the syllable `[n]` does not allow a character."""
        return tf.where(tf.gather(self.allowed, syllables), tf.cast(logits, tf.float32), FORBIDDEN)

    def log_probs(self, features, syllables, weight):
        """((f, g) `[n, dim]`, `[n]`, w) -> `[n, characters]`: the combined log-probabilities.

        What they lack to 1 stands at PAD, which no search writes, so that a search's softmax
        changes nothing: their sum says how well the text before goes on with this syllable.
        """
        own, follow = (tf.cast(self.characters.logits(one), tf.float32) for one in features)
        own = tf.nn.log_softmax(self.masked(own, syllables))
        mixed = (1 - weight) * own + weight * tf.nn.log_softmax(follow)
        mixed = self.masked(mixed, syllables)[:, EOS + 1 :]  # <unk> says nothing
        rest = 1 - tf.reduce_sum(tf.exp(mixed), -1, keepdims=True)
        rest = tf.math.log(tf.maximum(rest, 1e-9))
        never = tf.fill([tf.shape(mixed)[0], EOS], FORBIDDEN)
        return tf.concat([rest, never, mixed], -1)

    def first_state(self, batch):
        return {
            "position": tf.zeros([batch], tf.int32),
            "decoder": self.decoder.zero_state(batch),
            "language": self.language.zero_state(batch),
        }

    def step(self, memory, syllables, weight):
        """The step function of common.decoding, over memory and syllables `[rows, time]`."""

        def step(tokens, state):
            place = tf.minimum(state["position"][0], tf.shape(syllables)[1] - 1)
            here = memory[:, place]  # [rows, 2 * units]
            embedded = self.characters(tokens)
            decoded, decoder = self.decoder.step(tf.concat([embedded, here], -1), state["decoder"])
            followed, language = self.language.step(embedded, state["language"])
            features = (
                self.decoder_output(tf.concat([decoded, here], -1)),
                self.language_output(followed),
            )
            logits = self.log_probs(features, syllables[:, place], weight)
            position = state["position"] + 1
            return logits, {"position": position, "decoder": decoder, "language": language}

        return step

    def token_losses(self, arrays, progress=0.0, training=True):
        """(syllables, characters) -> (sum of losses, characters, sum of the decoder's nll).

        The loss of a character is -log p - log q; PAD is not scored.
        """
        syllables, characters = arrays
        features = self((syllables, shifted(characters)), training=training)
        scored = tf.where(characters != PAD)  # [n, 2]; padding is left out of the largest part
        own, follow = (self.characters.logits(tf.gather_nd(one, scored)) for one in features)
        labels = tf.gather_nd(characters, scored)
        nll, _ = smoothed_cross_entropy(self.masked(own, tf.gather_nd(syllables, scored)), labels)
        of_language, _ = smoothed_cross_entropy(follow, labels)
        count = tf.cast(tf.shape(labels)[0], tf.float32)
        return tf.reduce_sum(nll + of_language), count, tf.reduce_sum(nll)


def shifted(characters):
    """Each character's predecessor, BOS at first."""
    return tf.concat([tf.fill([tf.shape(characters)[0], 1], BOS), characters[:, :-1]], 1)
