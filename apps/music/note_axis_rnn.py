"""The recurrent network over the notes of one moment, which makes them depend on each other.

    P(frame_t | past) = prod_k P(e_k | e_1 ... e_{k-1}, h_t)

h_t comes from the network over time and sets the first state; Johnson (2017, Generating Polyphonic
Music Using Tied Parallel Networks) has such a pair of a time axis and a note axis. Elements are the
sounding notes from low to high (`frames`) or the voices (`voices`).
"""

import keras

from common.layers import recurrent


class NoteAxisRNN(keras.layers.Layer):
    """Call: (elements `[rows, elements, dim]`, h `[rows, depth]`) -> `[rows, elements, units]`."""

    def __init__(self, cell, units, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.rnn = recurrent(cell, units, name="rnn")
        self.dropout = keras.layers.Dropout(dropout)
        self.units = units

    def build(self, dim, depth):
        self.rnn.build((None, None, dim))
        states = len(self.rnn.get_initial_state(1))
        self.starts = [
            keras.layers.Dense(self.units, activation="tanh", name=f"start_{n}")
            for n in range(states)
        ]
        for start in self.starts:
            start.build((None, depth))
        self.built = True

    def start(self, h):
        """`[rows, depth]` -> the state before a frame's first element."""
        return [start(h) for start in self.starts]

    def call(self, elements, h, training=False):
        outputs, *_ = self.rnn(elements, initial_state=self.start(h), training=training)
        return self.dropout(outputs, training=training)

    def step(self, element, state):
        """One element: (`[rows, dim]`, state) -> (`[rows, units]`, state)."""
        output, state = self.rnn.cell(element, list(state))
        return output, list(state) if isinstance(state, (list, tuple)) else [state]
