"""The GRU: Keras' own, weight for weight, on the sequence kernel."""

import keras
import tensorflow as tf

from .keras_loop import CudnnLoop, ProgramCell, split_options
from .step_program import Elementwise, Product, Split


@keras.saving.register_keras_serializable("rnn_suite")
class GRUCell(ProgramCell, keras.layers.GRUCell):
    """One step of `GRU`: Keras' own."""

    update = {"h": "new_h"}

    def __init__(self, units, **options):
        super().__init__(units, **options)
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
        n_t = tanh(W_n x_t + b_n + r_t * (U_n h_{t-1} + c_n))      reset_after=True, cuDNN's form
        n_t = tanh(W_n x_t + b_n + U_n (r_t * h_{t-1}))            reset_after=False, the paper's
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t

    Arguments, weights and results are those of `keras.layers.GRU`, and on a GPU it runs Keras'
    cuDNN kernel; `recurrent_weight_dropout` is as in `LSTM`.
    """

    def __init__(
        self, units, *, reset_after=True, use_cudnn="auto", recurrent_weight_dropout=0.0, **options
    ):
        layer, cell = split_options(options)
        cell = GRUCell(units, name="gru_cell", reset_after=reset_after, **cell)
        keras.layers.RNN.__init__(self, cell, **layer)
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self._set_weight_dropout(recurrent_weight_dropout, cell.seed)
        self._set_cudnn(use_cudnn)

    def cudnn_fits(self):
        return self.cell.reset_after and super().cudnn_fits()
