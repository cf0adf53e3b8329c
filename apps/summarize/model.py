"""The network: bidirectional encoder, attention decoder with copying (See et al. 2017)."""

import keras
import tensorflow as tf

from common.layers import (
    AttentionDecoder,
    CopySource,
    Embedding,
    Pointer,
    Stack,
    copied_mass,
    coverage_loss,
)
from common.special_tokens import FORBIDDEN
from common.text import BOS, PAD, UNK, hide_words
from common.training import Losses, smoothed_cross_entropy


class Summarizer(keras.Model):
    """Source tokens `[batch, source]`, each document ending with EOS, PAD to the right -> summary.

    Tokens from `vocab` on are source words outside the vocabulary (common.text): the network reads
    and writes them as <unk>, the pointer tells them apart.
    """

    def __init__(self, config, vocab, **kwargs):
        super().__init__(**kwargs)
        self.config, self.vocab = config, vocab
        dim, units, rate = config.embedding_dim, config.units, config.dropout
        self.embedding = Embedding(vocab, dim, output=True, name="embedding")
        self.source_dropout = keras.layers.Dropout(config.embedding_dropout)
        self.target_dropout = keras.layers.Dropout(config.embedding_dropout)
        self.encoder = Stack(
            config.encoder_layers,
            units,
            config.cell,
            bidirectional=True,
            dropout=rate,
            name="encoder",
        )
        self.memory_dropout = keras.layers.Dropout(rate)
        self.decoder = AttentionDecoder(
            config.decoder_layers,
            units,
            features=dim,
            cell=config.cell,
            attention=config.attention,
            input_feeding=config.input_feeding,
            coverage=config.coverage > 0,
            dropout=rate,
            output_dropout=config.output_dropout,
            name="decoder",
        )
        self.pointer = Pointer(name="pointer") if config.pointer else None
        self.word_seed = None
        if config.pointer and config.word_dropout:
            self.word_seed = keras.random.SeedGenerator()
        self.embedding.build()
        self.encoder.build((None, None, dim))
        states = len(self.encoder.rnns[0].forward_layer.get_initial_state(1))
        self.decoder.build(dim, 2 * units, 2 * states * units)
        if self.pointer:
            self.pointer.build(dim, dim)
        self.built = True

    def embed(self, tokens):
        """int `[...]` of the extended vocabulary -> `[..., dim]`."""
        return self.embedding(tf.where(tokens < self.vocab, tokens, UNK))

    def encode(self, source, training=False):
        """`[batch, source]` -> (Memory, the decoder's first state)."""
        mask = tf.not_equal(source, PAD)
        embedded = self.source_dropout(self.embed(source), training=training)
        values, states = self.encoder(embedded, mask=mask, training=training)
        values = self.memory_dropout(values, training=training)
        summaries = [tf.concat(state, -1) for state in states]
        state = self.decoder.initial_state(summaries, tf.shape(source)[1])
        return self.decoder.memory(values, mask), state

    def step(self, memory, source, beam=1):
        """The step function of common.decoding, for `beam` hypotheses per row of memory and source.

        Its logits are log-probabilities over vocabulary and source words; <unk> is forbidden, since
        it is useless in a summary.
        """
        copies = CopySource.of(source).tile(beam) if self.pointer else None
        unknown = tf.one_hot(UNK, self.vocab, on_value=FORBIDDEN, off_value=0.0)

        def step(tokens, state):
            embedded = self.embed(tokens)
            features, state = self.decoder.step(embedded, memory, state)
            logits = tf.cast(self.embedding.logits(features), tf.float32) + unknown
            if self.pointer:
                gate = self.pointer.gate(features, embedded)
                logits = self.pointer.log_probs(logits, gate, state["attention"], copies)
            return logits, state

        return step

    def call(self, inputs, training=False, covering=True):
        """Teacher forcing: (source, shifted target) -> (features `[batch, target, dim]`, attention
        `[batch, target, source]`, gate: logit of not copying `[batch, target]`).

        With `covering`, the attention sees the coverage: the sum of its earlier weights.
        """
        source, shifted = inputs
        memory, state = self.encode(source, training)
        embedded = self.target_dropout(self.embed(shifted), training=training)
        features, attention = self.decoder(
            embedded, memory, state, training=training, covering=covering
        )
        gate = self.pointer.gate(features, embedded) if self.pointer else None
        return features, attention, gate

    def token_losses(self, arrays, progress=0.0, training=True):
        """(source, target) -> `Losses`; PAD is not scored.

        The loss of a word is its nll. The second phase of training adds coverage (See et al. 2017):
        as an input of the attention, and as a loss.
        """
        source, target = arrays
        if training and self.word_seed:
            drawn = keras.random.uniform([tf.shape(source)[0], self.vocab], seed=self.word_seed)
            source, target = hide_words(source, target, drawn < self.config.word_dropout)
        shifted = tf.concat([tf.fill([tf.shape(target)[0], 1], BOS), target[:, :-1]], 1)
        second = tf.convert_to_tensor(progress >= self.config.coverage_from) if training else True
        features, attention, gate = self((source, shifted), training=training, covering=second)
        scored = tf.where(target != PAD)  # [n, 2]; spares the output layer the padding
        labels, features = tf.gather_nd(target, scored), tf.gather_nd(features, scored)
        known = labels < self.vocab
        logits = self.embedding.logits(features)
        nll, _ = smoothed_cross_entropy(logits, tf.where(known, labels, UNK))
        if self.pointer:
            copied, found = copied_mass(attention, source, target)
            copied, found, gate = (tf.gather_nd(x, scored) for x in (copied, found, gate))
            nll = -self.pointer.label_log_prob(-nll, gate, copied, known, found)
        total = loss = tf.reduce_sum(nll)
        if self.config.coverage and training:
            covered = tf.reduce_sum(tf.gather_nd(coverage_loss(attention), scored))
            loss += self.config.coverage * tf.cast(second, tf.float32) * covered
        return Losses(loss, tf.cast(tf.shape(labels)[0], tf.float32), total)
