"""The network: embedding, recurrent stack, softmax, with the regularisers of AWD-LSTM."""

import keras
import tensorflow as tf

from common.layers import Embedding, Stack
from common.text import PAD
from common.training import Losses, StreamLosses, smoothed_cross_entropy


class LanguageModel(keras.Model):
    """log P(text) = sum_t log softmax(W h_t)[w_t], h_t = stack(E[w_{t-1}], h_{t-1}).

    With `tie`, W is E (Press & Wolf 2017; Inan et al. 2017). Dropout masks are locked: one for all
    time steps of a batch (Gal & Ghahramani 2016; Merity et al. 2018). The state is the list of the
    stack's states, each `[batch, units]`. XLA needs `static_shapes`, which also computes the
    padding.
    """

    def __init__(self, config, vocab_size, static_shapes=False, **kwargs):
        super().__init__(**kwargs)
        self.config, self.static_shapes = config, static_shapes
        self.supports_masking = True
        locked = (None, 1, None)
        dim, units = config.embedding_dim, config.units
        self.embedding = Embedding(vocab_size, dim, output=config.tie, name="embedding")
        self.token_dropout = keras.layers.Dropout(config.token_dropout)
        self.input_dropout = keras.layers.Dropout(config.input_dropout, locked)
        self.stack = Stack(
            config.layers,
            units,
            config.cell,
            residual_from=config.residual_from,
            dropout=config.hidden_dropout,
            recurrent_weight_dropout=config.recurrent_dropout,
            same_dropout=True,
            name="stack",
        )
        self.output_dropout = keras.layers.Dropout(config.output_dropout, locked)
        self.projection = self.output_layer = None
        if not config.tie:
            self.output_layer = keras.layers.Dense(vocab_size, name="output")
        elif units != dim:
            self.projection = keras.layers.Dense(dim, name="projection")
        self.embedding.build()
        self.stack.build((None, None, dim))
        for dense in filter(None, (self.projection, self.output_layer)):
            dense.build((None, units))
        self.built = True

    def zero_state(self, batch):
        return self.stack.zero_state(batch)

    def embed(self, tokens, training=False):
        """`[batch, time]` -> `[batch, time, dim]`."""
        embedded = self.embedding(tokens)
        if training and self.config.token_dropout:
            entries = tf.ones([self.embedding.vocab_size, 1], embedded.dtype)
            embedded *= tf.gather(self.token_dropout(entries, training=True), tokens)
        return self.input_dropout(embedded, training=training)

    def call(self, tokens, state=None, mask=None, training=False):
        """`[batch, time]` -> (outputs of the last layer `[batch, time, units]`, next state)."""
        return self.stack(self.embed(tokens, training), mask=mask, states=state, training=training)

    def logits(self, outputs):
        """`[n, units]` -> `[n, vocab]`."""
        if self.output_layer:
            return self.output_layer(outputs)
        return self.embedding.logits(self.projection(outputs) if self.projection else outputs)

    def step(self, tokens, state):
        """The step function of common.decoding."""
        outputs, state = self.stack.step(self.embedding(tokens), state)
        return self.logits(outputs), state

    def token_losses(self, arrays, progress=0.0, state=None, training=True):
        """((inputs, labels) `[batch, time]`, state) -> `StreamLosses`; PAD is not scored and
        `progress` is ignored.

        The loss is nll + AR * mean((mask * h)^2) + TAR * mean((h_t - h_{t-1})^2).
        """
        inputs, labels = arrays
        outputs, state = self(inputs, state=state, training=training)
        dropped = self.output_dropout(outputs, training=training)
        labels = tf.reshape(labels, [-1])
        features = tf.reshape(dropped, [-1, dropped.shape[-1]])
        if not self.static_shapes:  # spares the output layer, the largest part, the padding
            scored = tf.where(labels != PAD)[:, 0]
            labels, features = tf.gather(labels, scored), tf.gather(features, scored)
        losses, nll = smoothed_cross_entropy(self.logits(features), labels)
        weights = tf.cast(labels != PAD, tf.float32)
        total, count, nll = (tf.reduce_sum(weights * part) for part in (losses, 1.0, nll))
        if training and self.config.activation_penalty:
            squares = tf.reduce_mean(tf.square(tf.cast(dropped, tf.float32)))
            total += count * self.config.activation_penalty * squares
        if training and self.config.temporal_penalty:
            change = tf.cast(outputs[:, 1:] - outputs[:, :-1], tf.float32)
            steps = tf.maximum(tf.size(change), 1)
            squares = tf.reduce_sum(tf.square(change)) / tf.cast(steps, tf.float32)
            total += count * self.config.temporal_penalty * squares
        return StreamLosses(total, count, nll, state)

    def line_losses(self, arrays, progress=0.0, training=True):
        """`Losses` of lines, each read from a zero state."""
        losses = self.token_losses(arrays, progress, training=training)
        return Losses(losses.total, losses.tokens, losses.nll)
