"""One step of the LSTM and of its variants."""

import keras
import tensorflow as tf

from ..errors import ArgumentError
from .lstm_program import lstm_program, normalised
from .program_cell import ProgramCell, arguments_of, at_least_one

PEEPHOLES = ("none", "diagonal", "full")
SWITCHES = {
    "peepholes": "none",
    "input_gate": True,
    "forget_gate": True,
    "output_gate": True,
    "coupled_gates": False,
    "gate_recurrence": False,
    "output_activation": None,
    "layer_norm": False,
    "proj_size": 0,
    "cell_clip": None,
    "forget_bias": 1.0,
}


@keras.saving.register_keras_serializable("rnn_suite")
class LSTMCell(ProgramCell, keras.layers.LSTMCell):
    """One step of `LSTM`: a cell for `keras.layers.RNN` and `keras.layers.StackedRNNCells`.

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + P_i c_{t-1} + b_i)
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + P_f c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + P_o c_t + b_o)
        h_t = o_t * tanh(c_t)

    States: h `[batch, units]` (with a projection `[batch, proj_size]`) and c `[batch, units]`; with
    `gate_recurrence` also the gates i, f, o, as far as there are any. The output is h.

    Args:
        units: size of the cell state c and of the gates.
        activation: function of g, by Keras' name or any function; None: the identity.
        recurrent_activation: function of the gates.
        use_bias: whether there is a bias b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, of U and of
            b; full peepholes, the gate recurrence and the projection begin as U does.
        unit_forget_bias: whether the forget gate's bias begins at `forget_bias`, not by
            `bias_initializer`.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the same weights.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the same
            weights after each update.
        dropout: rate of dropout on the inputs, one mask for all steps.
        recurrent_dropout: rate of dropout on the state, one mask for all steps.
        seed: of the dropout masks.
        peepholes: "none"; "diagonal": P is a vector (Gers & Schmidhuber 2000); "full": a matrix.
            The output gate sees the new cell state.
        input_gate, forget_gate, output_gate: False: the gate is 1 (NIG, NFG, NOG of Greff et al.
            2017).
        coupled_gates: whether f = 1 - i (CIFG of Greff et al. 2017).
        gate_recurrence: whether i, f, o of the step before enter i, f, o (FGR of Greff et al.
            2017).
        output_activation: function of c in h; None: the one of g.
        layer_norm: whether W x, U h and, in h, c are normalised (Ba et al. 2016).
        proj_size: h_t = R (o_t * tanh(c_t)) of this size (Sak et al. 2014); 0: no projection.
        cell_clip: c is kept between -cell_clip and cell_clip; None: it is not.
        forget_bias: first value of the forget gate's bias, with `unit_forget_bias`.
        implementation: 1: dropout draws a mask for each gate; 2: one for all.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: `[batch, depth]`.
        states: list of the states, as above.
        training: whether dropout is on.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> rnn = keras.layers.RNN(LSTMCell(4, coupled_gates=True))
    >>> rnn(np.zeros((32, 10, 8))).shape
    TensorShape([32, 4])

    Reference: Hochreiter & Schmidhuber 1997, "Long short-term memory"; the variants: Greff et al.
    2017, "LSTM: a search space odyssey".
    """

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        *,
        peepholes="none",
        input_gate=True,
        forget_gate=True,
        output_gate=True,
        coupled_gates=False,
        gate_recurrence=False,
        output_activation=None,
        layer_norm=False,
        proj_size=0,
        cell_clip=None,
        forget_bias=1.0,
        implementation=2,
        **kwargs,
    ):
        at_least_one("units", units)
        switches = {name: value for name, value in locals().items() if name in SWITCHES}
        options = arguments_of(keras.layers.LSTMCell, locals())
        super().__init__(implementation=implementation, **options)
        for name, value in switches.items():
            setattr(self, name, value)
        self.output_activation = keras.activations.get(
            self.activation if output_activation is None else output_activation
        )
        _check(self)
        there = {
            "i": input_gate,
            "f": forget_gate and not coupled_gates,
            "g": True,
            "o": output_gate,
        }
        self.gates = tuple(gate for gate in there if there[gate])
        recurrent = tuple(gate for gate in self.gates if gate != "g")
        self.gate_states = recurrent if gate_recurrence else ()
        self.peephole_gates = recurrent if peepholes != "none" else ()
        self.plain = self.gates == ("i", "f", "g", "o") and not (
            self.peephole_gates
            or self.gate_states
            or layer_norm
            or proj_size
            or cell_clip
            or self.output_activation is not self.activation
        )
        self.output_size = proj_size or units
        self.state_size = [self.output_size, units] + [units] * len(self.gate_states)
        self.update, self.program = lstm_program(self)

    def build(self, input_shape):
        if self.plain and self.forget_bias == 1.0:  # Keras' own
            return super().build(input_shape)
        units, width = self.units, len(self.gates) * self.units

        def weight(name, shape, kind="kernel", initializer=None):
            return self.add_weight(
                shape=shape,
                name=name,
                initializer=initializer or getattr(self, f"{kind}_initializer"),
                regularizer=getattr(self, f"{kind}_regularizer"),
                constraint=getattr(self, f"{kind}_constraint"),
            )

        def first_bias(shape, dtype=None):
            values = self.bias_initializer(shape, dtype=dtype)
            if not self.unit_forget_bias or "f" not in self.gates:
                return values
            start = self.gates.index("f") * units
            forget = tf.fill([units], tf.cast(self.forget_bias, values.dtype))
            return tf.concat([values[:start], forget, values[start + units :]], 0)

        self.kernel = weight("kernel", (input_shape[-1], width))
        self.recurrent_kernel = weight("recurrent_kernel", (self.output_size, width), "recurrent")
        self.bias = weight("bias", (width,), "bias", first_bias) if self.use_bias else None
        count = len(self.peephole_gates)
        if count and self.peepholes == "diagonal":
            self.peephole_kernel = weight(
                "peephole_kernel", (count, units), "recurrent", "glorot_uniform"
            )
        elif count:
            self.peephole_kernel = weight("peephole_kernel", (units, count * units), "recurrent")
        if self.gate_states:
            count = len(self.gate_states)
            self.gate_kernel = weight("gate_kernel", (count * units, count * units), "recurrent")
        if self.layer_norm:
            for name, size in [
                ("kernel_gain", width),
                ("recurrent_gain", width),
                ("cell_gain", units),
            ]:
                setattr(self, name, self.add_weight(shape=(size,), name=name, initializer="ones"))
            self.cell_bias = self.add_weight(shape=(units,), name="cell_bias", initializer="zeros")
        if self.proj_size:
            self.projection = weight("projection", (units, self.proj_size), "recurrent")
        self.built = True

    @property
    def recurrent_kernels(self):
        return (
            ("recurrent_kernel",) if not self.gate_states else ("recurrent_kernel", "gate_kernel")
        )

    def project(self, x):
        projected = tf.matmul(x, self.weight("kernel"))
        if self.layer_norm:
            projected = normalised(projected, self.weight("kernel_gain"))
        return {"x": projected + self.weight("bias") if self.use_bias else projected}

    def constants(self):
        constants = {"recurrent_kernel": self.weight("recurrent_kernel")}
        gates, units = self.peephole_gates, self.units
        if gates and self.peepholes == "diagonal":
            rows = tf.unstack(self.weight("peephole_kernel"))
            constants |= {f"p_{gate}": row for gate, row in zip(gates, rows, strict=True)}
        elif gates:
            kernel, before = (
                self.weight("peephole_kernel"),
                units * sum(gate != "o" for gate in gates),
            )
            constants |= {"old_peepholes": kernel[:, :before], "new_peepholes": kernel[:, before:]}
        if self.gate_states:
            constants["gate_kernel"] = self.weight("gate_kernel")
        if self.layer_norm:
            names = ("recurrent_gain", "cell_gain", "cell_bias")
            constants |= {name: self.weight(name) for name in names}
        if self.proj_size:
            constants["projection"] = self.weight("projection")
        return constants

    def call(self, inputs, states, training=False):
        if self.plain:
            return super().call(inputs, states, training=training)
        return self.one_step(inputs, states, training)

    def get_config(self):
        config = super().get_config()
        for name, default in SWITCHES.items():
            value = getattr(self, name)
            if name == "output_activation":
                value = None if value is self.activation else keras.activations.serialize(value)
            if value != default:
                config[name] = value
        return config


def _check(cell):
    if cell.peepholes not in PEEPHOLES:
        known = ", ".join(PEEPHOLES)
        raise ArgumentError(f"unknown peepholes {cell.peepholes!r}: choose one of {known}")
    if cell.coupled_gates and not (cell.input_gate and cell.forget_gate):
        raise ArgumentError("coupled_gates couples the input and the forget gate: it needs both")
    if cell.cell_clip is not None and not cell.cell_clip > 0:
        raise ArgumentError(f"cell_clip is {cell.cell_clip}: it must be above 0, or None")
    if cell.proj_size < 0:
        raise ArgumentError(f"proj_size is {cell.proj_size}: it must be above 0, or 0 for none")
