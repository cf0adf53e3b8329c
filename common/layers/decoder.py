"""The attention decoder: a recurrent stack that looks at a memory before every word."""

from typing import NamedTuple

import keras
import tensorflow as tf

from .attention import Attention
from .stack import Stack


class Memory(NamedTuple):
    """What a decoder attends to."""

    values: tf.Tensor  # [batch, source, depth]
    keys: tf.Tensor  # [batch, source, units], the attention's view of the values
    mask: tf.Tensor  # bool [batch, source]


@keras.saving.register_keras_serializable("rnn_suite")
class AttentionDecoder(keras.layers.Layer):
    """Luong's decoder (Luong et al. 2015), with or without input feeding.

        h_t = recurrent stack(x_t, h_{t-1})      x_t = [embedding_t; h~_{t-1}] with input feeding
        c_t = attention(h_t, memory)
        g_t = upper stack([h_t; c_t], g_{t-1})   g_t = h_t without an upper stack
        h~_t = tanh(W [c_t; g_t])                what the output layer turns into logits

    Without input feeding nothing of c_t enters the recurrence of h, so each stack runs over the
    whole target at once and attention is one product for all steps; with it, time is one loop.
    Layers above the attention (as in GNMT, Wu et al. 2016) remember what was attended to, at the
    full speed of the first form. With coverage (See et al. 2017) the attention also sees what it
    has looked at before; then, too, time is one loop, except while training leaves coverage out.

    With a gate (Xu et al. 2015) c_t is scaled by sigmoid(w . h_t + b): how much of it is wanted.

    Args:
        layers, upper_layers: of the stack below and of the one above the attention.
        features: size of h~.
        memory_depth: size of the memory's vectors.
        dropout: between the layers of the stack; output_dropout: on h~ (not on what is fed back).

    State, a dict: "rnn": the stack's states; "attention": `[batch, source]`, the weights of the
    step just made; "features": `[batch, features]`, h~ (only with input feeding); "coverage":
    `[batch, source]`, the sum of the weights of all steps (only with coverage).
    """

    def __init__(
        self,
        layers,
        units,
        features,
        upper_layers=0,
        cell="lstm",
        attention="scaled",
        input_feeding=False,
        dropout=0.0,
        output_dropout=0.0,
        same_dropout=False,
        gate=False,
        coverage=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units, self.features, self.input_feeding = units, features, input_feeding
        self.gate = keras.layers.Dense(1, activation="sigmoid", name="gate") if gate else None
        self.coverage = coverage
        options = {"dropout": dropout, "same_dropout": same_dropout}
        self.stack = Stack(layers, units, cell, name="stack", **options)
        self.upper = Stack(upper_layers, units, cell, name="upper", **options)
        self.attention = Attention(attention, coverage=coverage, name="attention")
        self.combine = keras.layers.Dense(features, activation="tanh", name="combine")
        noise_shape = (None, 1, None) if same_dropout else None
        self.output_dropout = keras.layers.Dropout(output_dropout, noise_shape)
        self.upper_dropout = keras.layers.Dropout(dropout, noise_shape)
        self.layer_noise = keras.layers.Dropout(dropout)  # for the loop
        self.bridges = [  # one dense layer a state tensor; only h, not c, is bounded by tanh
            [
                keras.layers.Dense(
                    units, activation=None if part else "tanh", name=f"bridge_{layer}_{part}"
                )
                for part, _ in enumerate(_as_list(rnn.cell.state_size))
            ]
            for layer, rnn in enumerate(self.stack.rnns + self.upper.rnns)
        ]

    def build(self, embedding_dim, memory_depth, summary_depth):
        self.stack.build((None, None, embedding_dim + self.input_feeding * self.features))
        self.attention.build(self.units, memory_depth)
        self.upper.build((None, None, self.units + memory_depth))
        self.combine.build((None, self.units + memory_depth))
        if self.gate:
            self.gate.build((None, self.units))
        for dense in sum(self.bridges, []):
            dense.build((None, summary_depth))
        self.built = True

    def memory(self, values, mask):
        return Memory(values, self.attention.keys(values), mask)

    def initial_state(self, summaries, source):
        """The first state out of one summary `[batch, depth]` a layer (the bridge).

        When the encoder has fewer layers than the decoder, its last one serves for the rest.
        `source` is the length of the memory.
        """
        batch = tf.shape(summaries[0])[0]
        summaries = summaries + [summaries[-1]] * (len(self.bridges) - len(summaries))
        state = {
            "rnn": [
                [dense(summary) for dense in parts]
                for parts, summary in zip(self.bridges, summaries, strict=False)
            ],
            "attention": tf.zeros([batch, source], self.compute_dtype),
        }
        if self.input_feeding:
            state["features"] = tf.zeros([batch, self.features], self.compute_dtype)
        if self.coverage:
            state["coverage"] = tf.zeros_like(state["attention"])
        return state

    def call(self, embedded, memory, state, training=False, covering=True):
        """The whole target: `[batch, time, embedding]` -> (h~ `[batch, time, features]`, weights
        `[batch, time, source]`).

        `covering`, a bool or a scalar tensor of one: of a decoder with coverage, whether the
        attention sees it. Where it does not, all is as with a coverage_kernel of 0. With input
        feeding, where time is one loop in any case, it always does.
        """

        def loop():
            return self._loop(embedded, memory, state, training)

        def whole():
            return self._whole(embedded, memory, state, training)

        if self.input_feeding:
            features, weights = loop()
        elif self.coverage and tf.is_tensor(covering):
            features, weights = tf.cond(covering, loop, whole)
        else:
            features, weights = (loop if self.coverage and covering else whole)()
        return self.output_dropout(features, training=training), weights

    def step(self, embedded, memory, state, noises=None):
        """One step: (`[rows, embedding]`, state) -> (h~ `[rows, features]`, state).

        The memory has either as many rows, or one for every so many of them in a row: hypotheses of
        a beam look at the same memory, and their queries go through it in one product.
        """
        if self.input_feeding:
            embedded = tf.concat([embedded, state["features"]], -1)
        below = len(self.stack.rnns)
        between = max(0, below - 1)
        hidden, rnn = self.stack.step(embedded, state["rnn"][:below], noises and noises[:between])
        batch = tf.shape(memory.keys)[0]
        queries = tf.reshape(hidden, [batch, -1, self.units])
        seen = None
        if self.coverage:
            seen = tf.reshape(state["coverage"], [batch, -1, tf.shape(memory.keys)[1]])
        context, weights = self._attend(queries, memory, seen)
        context = tf.reshape(context, [-1, context.shape[-1]])  # [rows, depth]
        weights = tf.reshape(weights, [tf.shape(hidden)[0], -1])  # [rows, source]
        if self.upper.rnns:
            both = tf.concat([hidden, context], -1)
            if noises:
                both *= noises[-1]
            upper_noises = noises and noises[between:-1]
            hidden, upper = self.upper.step(both, state["rnn"][below:], upper_noises)
            rnn += upper
        features = self.combine(tf.concat([context, hidden], -1))
        after = {"rnn": rnn, "attention": weights}
        if self.input_feeding:
            after["features"] = features
        if self.coverage:
            after["coverage"] = state["coverage"] + weights
        return features, after

    def _attend(self, hidden, memory, coverage=None):
        """`[batch, time, units]` -> (context `[batch, time, depth]`, weights)."""
        values, keys, mask = memory
        context, weights = self.attention(hidden, keys, values, mask, coverage)
        return context if self.gate is None else self.gate(hidden) * context, weights

    def _whole(self, embedded, memory, state, training):
        """Nothing of the attention enters the recurrence below it: each stack in one go."""
        below = len(self.stack.rnns)
        hidden, _ = self.stack(embedded, states=state["rnn"][:below], training=training)
        context, weights = self._attend(hidden, memory)
        if self.upper.rnns:
            both = self.upper_dropout(tf.concat([hidden, context], -1), training=training)
            hidden, _ = self.upper(both, states=state["rnn"][below:], training=training)
        return self.combine(tf.concat([context, hidden], -1)), weights

    def _loop(self, embedded, memory, state, training):
        batch, time = tf.shape(embedded)[0], tf.shape(embedded)[1]
        # Inside the loop the masks between layers must be fixed: one for all steps.
        widths = [self.units for _ in self.stack.dropouts + self.upper.dropouts]
        widths.append(self.units + memory.values.shape[-1])  # the upper stack's input
        noises = [
            self.layer_noise(tf.ones([batch, width], self.compute_dtype), training=training)
            for width in widths
        ]
        embedded = tf.transpose(embedded, [1, 0, 2])

        def body(t, state, features, weights):
            output, state = self.step(embedded[t], memory, state, noises)
            return t + 1, state, features.write(t, output), weights.write(t, state["attention"])

        arrays = [tf.TensorArray(embedded.dtype, time) for _ in range(2)]
        _, _, features, weights = tf.while_loop(
            lambda t, *_: t < time, body, (0, state, *arrays), maximum_iterations=time
        )
        features, weights = features.stack(), weights.stack()  # [time, batch, ...]
        features.set_shape([None, None, self.features])
        return tf.transpose(features, [1, 0, 2]), tf.transpose(weights, [1, 0, 2])


def _as_list(size):
    return list(size) if isinstance(size, (list, tuple)) else [size]
