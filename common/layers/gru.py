"""The GRU: Keras' own, weight for weight, on the sequence kernel."""

import keras
import tensorflow as tf

from .keras_loop import CudnnLoop
from .program_cell import ProgramCell, arguments_of, at_least_one
from .step_program import Elementwise, Product, Split


@keras.saving.register_keras_serializable("rnn_suite")
class GRUCell(ProgramCell, keras.layers.GRUCell):
    """One step of `GRU`: Keras' own cell, which `GRU` can run.

        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z),  r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)
        n_t = tanh(W_n x_t + b_n + r_t * (U_n h_{t-1} + d_n))      reset_after=True, cuDNN's form
        n_t = tanh(W_n x_t + b_n + U_n (r_t * h_{t-1}))            reset_after=False, the paper's
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t

    State and output: h `[batch, units]`.

    Args:
        units: size of the state h.
        activation: function of n, by Keras' name or any function; None: the identity.
        recurrent_activation: function of the gates.
        use_bias: whether there is a bias b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, of U and of
            b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the same weights.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the same
            weights after each update.
        dropout: rate of dropout on the inputs, one mask for all steps.
        recurrent_dropout: rate of dropout on the state, one mask for all steps.
        reset_after: whether the reset gate acts on the product U_n h, cuDNN's form, or on h.
        seed: of the dropout masks.
        implementation: 1: dropout draws a mask for each gate; 2: one for all.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: `[batch, depth]`.
        states: list of the states, as above.
        training: whether dropout is on.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> keras.layers.RNN(GRUCell(4))(np.zeros((32, 10, 8))).shape
    TensorShape([32, 4])

    Reference: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder".
    """

    update = {"h": "new_h"}

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
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
        reset_after=True,
        seed=None,
        *,
        implementation=2,
        **kwargs,
    ):
        at_least_one("units", units)
        options = arguments_of(keras.layers.GRUCell, locals())
        super().__init__(implementation=implementation, **options)
        self.program = (_after if self.reset_after else _before)(self)

    def project(self, x):
        projected = tf.matmul(x, self.weight("kernel"))
        if self.use_bias:
            bias = self.weight("bias")
            projected += bias[0] if self.reset_after else bias
        if self.reset_after:
            return {"x": projected}
        return dict(zip(("x", "x_n"), self._split(projected), strict=True))

    def constants(self):
        kernel = self.weight("recurrent_kernel")
        if not self.reset_after:
            return dict(zip(("recurrent_kernel", "new_kernel"), self._split(kernel), strict=True))
        if not self.use_bias:
            return {"recurrent_kernel": kernel}
        return {"recurrent_kernel": kernel, "recurrent_bias": self.weight("bias")[1]}

    def _split(self, tensor):
        return tf.split(tensor, [2 * self.units, self.units], -1)

    @property
    def recurrent_kernels(self):
        return ("recurrent_kernel",) if self.reset_after else ("recurrent_kernel", "new_kernel")


def _after(cell):
    def new_h(x, u, h):
        x_z, x_r, x_n = tf.split(x, 3, -1)
        u_z, u_r, u_n = tf.split(u, 3, -1)
        z, r = cell.recurrent_activation(x_z + u_z), cell.recurrent_activation(x_r + u_r)
        return z * h + (1 - z) * cell.activation(x_n + r * u_n)

    return [
        Product("u", ("h",), "recurrent_kernel", "recurrent_bias" if cell.use_bias else ""),
        Elementwise("new_h", new_h, ("x", "u", "h")),
    ]


def _before(cell):
    units, sigmoid = cell.units, cell.recurrent_activation

    def new_h(z, n, h):
        z = sigmoid(z)
        return z * h + (1 - z) * cell.activation(n)

    return [
        Product("gates", ("h",), "recurrent_kernel", "x"),
        Split(("z", "r"), "gates", (units, units)),
        Elementwise("reset_h", lambda r, h: sigmoid(r) * h, ("r", "h")),
        Product("n", ("reset_h",), "new_kernel", "x_n"),
        Elementwise("new_h", new_h, ("z", "n", "h")),
    ]


@keras.saving.register_keras_serializable("rnn_suite")
class GRU(CudnnLoop, keras.layers.GRU):
    """Gated recurrent unit (Cho et al. 2014).

        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z),  r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)
        n_t = tanh(W_n x_t + b_n + r_t * (U_n h_{t-1} + d_n))      reset_after=True, cuDNN's form
        n_t = tanh(W_n x_t + b_n + U_n (r_t * h_{t-1}))            reset_after=False, the paper's
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t

    Arguments, weights and results are those of `keras.layers.GRU`, and on a GPU it runs Keras'
    cuDNN kernel.

    Args:
        units: size of the state h.
        activation: function of n, by Keras' name or any function; None: the identity.
        recurrent_activation: function of the gates.
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
        seed: of the dropout masks.
        return_sequences: whether to return the outputs of all steps, not only the last one.
        return_state: whether to return the last states too.
        go_backwards: whether to read from the last step to the first; outputs come in that order.
        stateful: whether the last states are the first ones of the next call.
        unroll: whether to build every step into the graph, in Keras' loop over cells.
        reset_after: whether the reset gate acts on the product U_n h, cuDNN's form, or on h.
        use_cudnn: "auto" or True: on a GPU Keras' cuDNN kernel runs where the mathematics allow;
            False: never.
        implementation: 1: dropout draws a mask for each gate, in Keras' loop over cells; 2: one for
            all.
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

    >>> output, h = GRU(4, return_state=True)(np.zeros((32, 10, 8)))

    Reference: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder".
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
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        reset_after=True,
        use_cudnn="auto",
        *,
        implementation=2,
        recurrent_weight_dropout=0.0,
        zero_output_for_mask=False,
        **kwargs,
    ):
        self.set_up(GRUCell, "gru_cell", locals())

    def cudnn_fits(self):
        return self.cell.reset_after and super().cudnn_fits()
