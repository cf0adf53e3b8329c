"""The registry of recurrent layers, and the stack that encoders and decoders are built of."""

from functools import partial

import keras

from ..cells import CELL_NAMES, LSTM_VARIANTS, read_cell
from .ctrnn import CTRNN
from .elman import ElmanRNN
from .gru import GRU
from .jordan import JordanRNN
from .lstm import LSTM

CELLS = {
    **{name: partial(LSTM, **switches) for name, switches in LSTM_VARIANTS.items()},
    "gru": GRU,
    "gru_reset_before": partial(GRU, reset_after=False),
    "elman": ElmanRNN,
    "simple": ElmanRNN,
    "jordan": JordanRNN,
    "ctrnn": CTRNN,
}
assert tuple(CELLS) == CELL_NAMES


def recurrent(cell, units, **options):
    """A recurrent layer by its cell as a configuration says it, returning `(sequence, *state)`.

    Every layer of the registry is a `keras.layers.RNN`: it takes `mask` and `initial_state`, and
    its `cell(x, state)` is one step, which is what decoding uses. Its outputs and each of its
    states are `[batch, units]` wide.
    """
    name, switches = read_cell(cell)
    return CELLS[name](units, return_sequences=True, return_state=True, **switches, **options)


@keras.saving.register_keras_serializable("rnn_suite")
class Stack(keras.layers.Layer):
    """Recurrent layers on top of each other: x^l = layer_l(dropout(x^{l-1})) [+ x^{l-1}].

    Args:
        layers: number of layers. units: of each (a bidirectional layer has 2 * units outputs).
        cell: a name of `CELLS`, with options or not: `lstm:layer_norm=true`.
        bidirectional: every layer reads in both directions; outputs are concatenated.
        residual_from: the first layer (counted from 1) whose input is added to its output, as in
            GNMT (Wu et al. 2016), which starts at the third; 0 for none.
        dropout: rate on the input of every layer but the first.
        same_dropout: one dropout mask for all time steps (Gal & Ghahramani 2016).
        recurrent_weight_dropout: rate of DropConnect on the recurrent kernels (Merity et al. 2018);
            one mask a call, for all rows and steps.

    Call: (sequence `[batch, time, depth]`, mask bool `[batch, time]`, list of states)
    -> (sequence `[batch, time, units or 2 * units]`, list with the state of each layer).
    A state is the list `[h, c]` or `[h]`, each `[batch, units]`; of a bidirectional layer the
    forward direction's comes first, then the backward one's.
    """

    def __init__(
        self,
        layers,
        units,
        cell="lstm",
        bidirectional=False,
        residual_from=3,
        dropout=0.0,
        same_dropout=False,
        recurrent_weight_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.residual_from = residual_from
        options = {"recurrent_weight_dropout": recurrent_weight_dropout}
        name, _ = read_cell(cell)
        self.rnns = [recurrent(cell, units, name=f"{name}_{n}", **options) for n in range(layers)]
        if bidirectional:
            self.rnns = [keras.layers.Bidirectional(rnn, name=rnn.name) for rnn in self.rnns]
        noise_shape = (None, 1, None) if same_dropout else None
        self.dropouts = [keras.layers.Dropout(dropout, noise_shape) for _ in self.rnns[1:]]

    def build(self, shape):
        for rnn in self.rnns:
            rnn.build(shape)
            shape = rnn.compute_output_shape(shape)[0]
        self.built = True

    def _residual(self, number, inputs, outputs):
        residual = self.residual_from and number + 1 >= self.residual_from
        return inputs + outputs if residual and inputs.shape[-1] == outputs.shape[-1] else outputs

    def call(self, sequence, mask=None, states=None, training=False):
        final = []
        for number, rnn in enumerate(self.rnns):
            inputs = sequence
            if number:
                inputs = self.dropouts[number - 1](inputs, training=training)
            initial = None if states is None else list(states[number])
            outputs, *state = rnn(inputs, mask=mask, initial_state=initial, training=training)
            sequence = self._residual(number, sequence, outputs)
            final.append(state)
        return sequence, final

    def step(self, inputs, states, noises=None):
        """One time step: (`[batch, depth]`, states) -> (`[batch, units]`, states).

        `noises`, one `[batch, units]` for each layer but the first, are dropout masks that the
        caller holds over all the steps of a sequence.
        """
        final = []
        for number, (rnn, state) in enumerate(zip(self.rnns, states, strict=True)):
            x = inputs * noises[number - 1] if number and noises is not None else inputs
            outputs, state = rnn.cell(x, list(state))
            inputs = self._residual(number, inputs, outputs)
            final.append(list(state) if isinstance(state, (list, tuple)) else [state])
        return inputs, final

    def zero_state(self, batch):
        return [list(rnn.get_initial_state(batch)) for rnn in self.rnns]
