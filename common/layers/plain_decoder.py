"""The decoder without attention: it sees a summary of its input once, before the first word."""

import keras
import tensorflow as tf

from .decoder import Memory
from .stack import Stack


@keras.saving.register_keras_serializable("rnn_suite")
class PlainDecoder(keras.layers.Layer):
    """A recurrent stack h_t = stack(x_t, h_{t-1}), whose h_t the output layer turns into logits.

    With a summary s of the input,

        reads="state"    h_0 = tanh(W s + b), one W a layer and state (c_0 without the tanh)
        reads="word"     h_0 = stack(W s + b, 0): the summary is the first word (Vinyals 2015)

    It is called as `AttentionDecoder` is, and gives no attention weights; its state has "rnn" only.
    """

    def __init__(
        self,
        layers,
        units,
        features,
        reads="state",
        cell="lstm",
        dropout=0.0,
        output_dropout=0.0,
        same_dropout=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units, self.features, self.reads = units, features, reads
        self.stack = Stack(
            layers, units, cell, dropout=dropout, same_dropout=same_dropout, name="stack"
        )
        self.combine = keras.layers.Dense(features, activation="tanh", name="combine")
        noise_shape = (None, 1, None) if same_dropout else None
        self.output_dropout = keras.layers.Dropout(output_dropout, noise_shape)

    def build(self, embedding_dim, memory_depth, summary_depth):
        self.stack.build((None, None, embedding_dim))
        self.combine.build((None, self.units))
        sizes = [[embedding_dim]]
        if self.reads == "state":
            sizes = [[v.shape[-1] for v in state] for state in self.stack.zero_state(1)]
        self.bridges = [
            [
                keras.layers.Dense(
                    size,
                    activation="tanh" if self.reads == "state" and not part else None,
                    name=f"bridge_{layer}_{part}",
                )
                for part, size in enumerate(parts)
            ]
            for layer, parts in enumerate(sizes)
        ]
        for dense in sum(self.bridges, []):
            dense.build((None, summary_depth))
        self.built = True

    def memory(self, values, mask):
        return Memory(values, values, mask)

    def initial_state(self, summaries, source):
        """The state before the first word out of a summary `[batch, depth]`."""
        summary = summaries[0]
        states = [[dense(summary) for dense in parts] for parts in self.bridges]
        if self.reads == "word":
            _, states = self.stack.step(states[0][0], self.stack.zero_state(tf.shape(summary)[0]))
        return {"rnn": states}

    def call(self, embedded, memory, state, training=False):
        """`[batch, time, embedding]` -> (`[batch, time, features]`, None)."""
        hidden, _ = self.stack(embedded, states=state["rnn"], training=training)
        return self.output_dropout(self.combine(hidden), training=training), None

    def step(self, embedded, memory, state):
        """One step: (`[batch, embedding]`, state) -> (`[batch, features]`, state)."""
        hidden, states = self.stack.step(embedded, state["rnn"])
        return self.combine(hidden), {"rnn": states}
