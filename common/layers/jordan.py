"""The simple recurrent network of Jordan, whose context is its output."""

import keras

from .keras_loop import SequenceLoop
from .program_cell import ProgramCell, arguments_of, at_least_one, flat_config
from .step_program import Elementwise, Product


@keras.saving.register_keras_serializable("rnn_suite")
class JordanCell(ProgramCell, keras.layers.SimpleRNNCell):
    """One step of `JordanRNN`: a cell for `keras.layers.RNN` and `keras.layers.StackedRNNCells`.

        h_t = tanh(W x_t + U y_{t-1} + b)
        y_t = tanh(V h_t + d)

    State and output: y `[batch, output_units]`.

    Args:
        units: size of h.
        activation: function of h, by Keras' name or any function; None: the identity.
        use_bias: whether h and y have a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W and V, of U,
            and of b and d.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the same weights.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the same
            weights after each update.
        dropout: rate of dropout on the inputs, one mask for all steps.
        recurrent_dropout: rate of dropout on the state, one mask for all steps.
        seed: of the dropout masks.
        output_units: size of y; None: `units`.
        output_activation: function of y.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: `[batch, depth]`.
        states: list of the states, as above.
        training: whether dropout is on.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> keras.layers.RNN(JordanCell(4, output_units=2))(np.zeros((32, 10, 8))).shape
    TensorShape([32, 2])

    Reference: Jordan 1986, "Serial order: a parallel distributed processing approach".
    """

    update = {"y": "new_y"}

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
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
        output_units=None,
        output_activation="tanh",
        **kwargs,
    ):
        at_least_one("units", units)
        if output_units is not None:
            at_least_one("output_units", output_units)
        super().__init__(**arguments_of(keras.layers.SimpleRNNCell, locals()))
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
        activation: function of h, by Keras' name or any function; None: the identity.
        use_bias: whether h and y have a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W and V, of U,
            and of b and d.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the same weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the same
            weights after each update.
        dropout: rate of dropout on the inputs, one mask for all steps.
        recurrent_dropout: rate of dropout on the state, one mask for all steps; it takes Keras'
            loop over cells, which is slower.
        return_sequences: whether to return the outputs of all steps, not only the last one.
        return_state: whether to return the last states too.
        go_backwards: whether to read from the last step to the first; outputs come in that order.
        stateful: whether the last states are the first ones of the next call.
        unroll: whether to build every step into the graph, in Keras' loop over cells.
        seed: of the dropout masks.
        output_units: size of y; None: `units`.
        output_activation: function of y.
        recurrent_weight_dropout: rate of DropConnect on the recurrent kernels in training, one mask
            a call (Merity et al. 2018).
        zero_output_for_mask: whether the outputs of masked steps are 0, not those before them.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        sequences: `[batch, time, depth]`; time may be 0.
        initial_state: list of the states before the first step; zeros unless given.
        mask: bool `[batch, time]`; where it is False, the step is skipped.
        training: whether dropout is on.

    Returns: the last y `[batch, output_units]`, with `return_sequences` all of them `[batch, time,
    output_units]`; with `return_state` also the last y.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> JordanRNN(4, output_units=2)(np.zeros((32, 10, 8))).shape
    TensorShape([32, 2])

    Reference: Jordan 1986, "Serial order: a parallel distributed processing approach".
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        seed=None,
        *,
        output_units=None,
        output_activation="tanh",
        recurrent_weight_dropout=0.0,
        zero_output_for_mask=False,
        **kwargs,
    ):
        self.set_up(JordanCell, "jordan_cell", locals())

    @property
    def units(self):
        return self.cell.units

    def get_config(self):
        return flat_config(self, super().get_config())

    @classmethod
    def from_config(cls, config):
        return cls(**config)
