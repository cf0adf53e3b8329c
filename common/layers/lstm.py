"""The LSTM and its variants: one layer with switches, on the sequence kernel."""

import keras
import tensorflow as tf

from ..errors import UserError
from .keras_loop import CudnnLoop, ProgramCell, split_options
from .lstm_program import lstm_program, normalised

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
    """One step of `LSTM`, whose switches it takes. State: [h, c], with `gate_recurrence` also the
    gates [i, f, o]; each `[batch, units]`, h `[batch, proj_size]` with a projection."""

    def __init__(self, units, **options):
        switches = {name: options.pop(name, default) for name, default in SWITCHES.items()}
        super().__init__(units, **options)
        for name, value in switches.items():
            setattr(self, name, value)
        self.output_activation = keras.activations.get(
            self.activation if self.output_activation is None else self.output_activation
        )
        _check(self)
        self.gates = "".join(
            gate
            for gate, there in {
                "i": self.input_gate,
                "f": self.forget_gate and not self.coupled_gates,
                "g": True,
                "o": self.output_gate,
            }.items()
            if there
        )
        recurrent = "".join(gate for gate in "ifo" if gate in self.gates)
        self.gate_states = recurrent if self.gate_recurrence else ""
        self.peephole_gates = recurrent if self.peepholes != "none" else ""
        self.plain = self.gates == "ifgo" and not (
            self.peephole_gates
            or self.gate_states
            or self.layer_norm
            or self.proj_size
            or self.cell_clip
            or self.output_activation is not self.activation
        )
        self.output_size = self.proj_size or units
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
            kernel, before = self.weight("peephole_kernel"), units * len(gates.replace("o", ""))
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
        raise UserError(f"unknown peepholes {cell.peepholes!r}: choose one of {known}")
    if cell.coupled_gates and not (cell.input_gate and cell.forget_gate):
        raise UserError("coupled_gates couples the input and the forget gate: it needs both")
    if cell.cell_clip is not None and not cell.cell_clip > 0:
        raise UserError(f"cell_clip is {cell.cell_clip}: it must be above 0, or None")
    if cell.proj_size < 0:
        raise UserError(f"proj_size is {cell.proj_size}: it must be above 0, or 0 for none")


@keras.saving.register_keras_serializable("rnn_suite")
class LSTM(CudnnLoop, keras.layers.LSTM):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers 2000).

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + P_i c_{t-1} + b_i)
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + P_f c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + P_o c_t + b_o)
        h_t = o_t * tanh(c_t)

    Without switches the arguments, weights and results are those of `keras.layers.LSTM` (weights
    move with `get_weights` and `set_weights`), and on a GPU it runs Keras' cuDNN kernel.

    Args:
        units: size of c and of the gates.
        peepholes: "none"; "diagonal": P is a vector (Gers & Schmidhuber 2000); "full": a matrix.
            The output gate sees the new cell state.
        input_gate, forget_gate, output_gate: False: the gate is 1 (NIG, NFG, NOG of Greff et al.).
        coupled_gates: f = 1 - i (CIFG).
        gate_recurrence: i, f, o of the step before enter i, f, o (FGR).
        activation, output_activation: of g, and of c in h; the latter is the former unless given.
        layer_norm: W x, U h and, in h, c are normalised (Ba et al. 2016).
        proj_size: h_t = R (o_t * tanh(c_t)) of this size (Sak et al. 2014); 0: none.
        cell_clip: c is kept within -cell_clip and cell_clip; None: off.
        forget_bias: the forget gate's first bias (with `unit_forget_bias`).
        recurrent_weight_dropout: rate of DropConnect on U in training (Merity et al. 2018).
        options: any argument of `keras.layers.LSTM`.

    Raises:
        UserError: a switch has a value that means nothing.
    """

    def __init__(self, units, *, use_cudnn="auto", recurrent_weight_dropout=0.0, **options):
        layer, cell = split_options(options)
        cell = LSTMCell(units, name="lstm_cell", **cell)
        keras.layers.RNN.__init__(self, cell, **layer)
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self._set_weight_dropout(recurrent_weight_dropout, cell.seed)
        self._set_cudnn(use_cudnn)

    def cudnn_fits(self):
        return self.cell.plain and super().cudnn_fits()

    def get_config(self):
        switches = set(SWITCHES) & set(config := self.cell.get_config())
        return super().get_config() | {name: config[name] for name in switches}


@keras.saving.register_keras_serializable("rnn_suite")
class PeepholeLSTM(LSTM):
    """`LSTM` with diagonal peepholes unless told otherwise (Gers & Schmidhuber 2000)."""

    def __init__(self, units, *, peepholes="diagonal", **options):
        super().__init__(units, peepholes=peepholes, **options)

    def get_config(self):
        return super().get_config() | {"peepholes": self.cell.peepholes}
