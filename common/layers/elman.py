"""The simple recurrent network of Elman, whose context is its hidden state."""

import keras

from .keras_loop import SequenceLoop
from .program_cell import ProgramCell, arguments_of, at_least_one
from .step_program import Elementwise, Product


@keras.saving.register_keras_serializable("rnn_suite")
class ElmanCell(ProgramCell, keras.layers.SimpleRNNCell):
    """One step of `ElmanRNN`: Keras' SimpleRNNCell, which `ElmanRNN` can run.

        h_t = tanh(W x_t + U h_{t-1} + b)

    State and output: h `[batch, units]`.

    Args:
        units: size of the state h.
        activation: function of h, by Keras' name or any function; None: the identity.
        use_bias: whether there is a bias b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, of U and of
            b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the same weights.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the same
            weights after each update.
        dropout: rate of dropout on the inputs, one mask for all steps.
        recurrent_dropout: rate of dropout on the state, one mask for all steps.
        seed: of the dropout masks.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: `[batch, depth]`.
        states: list of the states, as above.
        training: whether dropout is on.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> keras.layers.RNN(ElmanCell(4))(np.zeros((32, 10, 8))).shape
    TensorShape([32, 4])

    Reference: Elman 1990, "Finding structure in time".
    """

    update = {"h": "new_h"}

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
        **kwargs,
    ):
        at_least_one("units", units)
        super().__init__(**arguments_of(keras.layers.SimpleRNNCell, locals()))
        self.program = [
            Product("z", ("h",), "recurrent_kernel", "x"),
            Elementwise("new_h", self.activation, ("z",)),
        ]

    def constants(self):
        return {"recurrent_kernel": self.weight("recurrent_kernel")}


@keras.saving.register_keras_serializable("rnn_suite")
class ElmanRNN(SequenceLoop, keras.layers.SimpleRNN):
    """The simple recurrent network of Elman (1990).

        h_t = tanh(W x_t + U h_{t-1} + b)

    Arguments, weights and results are those of `keras.layers.SimpleRNN`.

    Args:
        units: size of the state h.
        activation: function of h, by Keras' name or any function; None: the identity.
        use_bias: whether there is a bias b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, of U and of
            b.
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
        recurrent_weight_dropout: rate of DropConnect on the recurrent kernels in training, one mask
            a call (Merity et al. 2018).
        zero_output_for_mask: whether the outputs of masked steps are 0, not those before them.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        sequences: `[batch, time, depth]`; time may be 0.
        initial_state: list of the states before the first step; zeros unless given.
        mask: bool `[batch, time]`; where it is False, the step is skipped.
        training: whether dropout is on.

    Returns: the last h `[batch, units]`, with `return_sequences` all `[batch, time, units]`; with
    `return_state` also the last h.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> ElmanRNN(4)(np.zeros((32, 10, 8))).shape
    TensorShape([32, 4])

    Reference: Elman 1990, "Finding structure in time".
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
        recurrent_weight_dropout=0.0,
        zero_output_for_mask=False,
        **kwargs,
    ):
        self.set_up(ElmanCell, "elman_cell", locals())
