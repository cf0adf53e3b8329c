"""The simple recurrent networks of Elman (context: hidden state) and Jordan (context: output)."""

import keras

from ..errors import UserError
from .keras_loop import ProgramCell, SequenceLoop, flat_config, split_options
from .step_program import Elementwise, Product


@keras.saving.register_keras_serializable("rnn_suite")
class ElmanCell(ProgramCell, keras.layers.SimpleRNNCell):
    """One step of `ElmanRNN`: Keras' SimpleRNNCell."""

    update = {"h": "new_h"}

    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.program = [
            Product("z", ("h",), "recurrent_kernel", "x"),
            Elementwise("new_h", self.activation, ("z",)),
        ]

    def constants(self):
        return {"recurrent_kernel": self.weight("recurrent_kernel")}


@keras.saving.register_keras_serializable("rnn_suite")
class ElmanRNN(SequenceLoop, keras.layers.SimpleRNN):
    """h_t = tanh(W x_t + U h_{t-1} + b)      (Elman 1990)

    Arguments, weights and results are those of `keras.layers.SimpleRNN`;
    `recurrent_weight_dropout` is as in `LSTM`.
    """

    def __init__(self, units, *, recurrent_weight_dropout=0.0, **options):
        layer, cell = split_options(options)
        keras.layers.RNN.__init__(self, ElmanCell(units, name="elman_cell", **cell), **layer)
        self.input_spec = [keras.layers.InputSpec(ndim=3)]
        self._set_weight_dropout(recurrent_weight_dropout, self.cell.seed)


@keras.saving.register_keras_serializable("rnn_suite")
class JordanCell(ProgramCell, keras.layers.SimpleRNNCell):
    """One step of `JordanRNN`. State: [y], `[batch, output_units]`."""

    update = {"y": "new_y"}

    def __init__(self, units, output_units=None, output_activation="tanh", **options):
        super().__init__(units, **options)
        if output_units is not None and output_units < 1:
            raise UserError(f"output_units is {output_units}: it must be at least 1")
        self.output_units = output_units
        self.output_activation = keras.activations.get(output_activation)
        self.state_size = self.output_size = output_units or units
        self.program = [
            Product("z", ("y",), "recurrent_kernel", "x"),
            Elementwise("h", self.activation, ("z",)),
            Product("v", ("h",), "output_kernel", "output_bias" if self.use_bias else ""),
            Elementwise("new_y", self.output_activation, ("v",)),
        ]

    def build(self, input_shape):
        def weight(name, shape, kind):
            return self.add_weight(
                shape=shape,
                name=name,
                initializer=getattr(self, f"{kind}_initializer"),
                regularizer=getattr(self, f"{kind}_regularizer"),
                constraint=getattr(self, f"{kind}_constraint"),
            )

        size = self.output_size
        self.kernel = weight("kernel", (input_shape[-1], self.units), "kernel")
        self.recurrent_kernel = weight("recurrent_kernel", (size, self.units), "recurrent")
        self.output_kernel = weight("output_kernel", (self.units, size), "kernel")
        self.bias = self.output_bias = None
        if self.use_bias:
            self.bias = weight("bias", (self.units,), "bias")
            self.output_bias = weight("output_bias", (size,), "bias")
        self.built = True

    def constants(self):
        names = ["recurrent_kernel", "output_kernel"] + ["output_bias"] * self.use_bias
        return {name: self.weight(name) for name in names}

    def call(self, inputs, states, training=False):
        return self.one_step(inputs, states, training)

    def get_config(self):
        return super().get_config() | {
            "output_units": self.output_units,
            "output_activation": keras.activations.serialize(self.output_activation),
        }


@keras.saving.register_keras_serializable("rnn_suite")
class JordanRNN(SequenceLoop, keras.layers.RNN):
    """The network of Jordan (1986): what it said, not what it thought, is its context.

        h_t = tanh(W x_t + U y_{t-1} + b)
        y_t = tanh(V h_t + d)

    Its output and only state is y.

    Args:
        units: size of h.
        output_units: size of y; `units` unless given.
        activation, output_activation: of h and of y.
        recurrent_weight_dropout: as in `LSTM`.
        options: any other argument of `keras.layers.SimpleRNN`.
    """

    def __init__(self, units, *, recurrent_weight_dropout=0.0, **options):
        layer, cell = split_options(options)
        super().__init__(JordanCell(units, name="jordan_cell", **cell), **layer)
        self.input_spec = [keras.layers.InputSpec(ndim=3)]
        self._set_weight_dropout(recurrent_weight_dropout, self.cell.seed)

    @property
    def units(self):
        return self.cell.units

    def get_config(self):
        return flat_config(self, super().get_config())

    @classmethod
    def from_config(cls, config):
        return cls(**config)
