"""The LSTM with peepholes, through which its gates see the cell state."""

import keras

from .lstm import LSTM
from .lstm_cell import LSTMCell
from .program_cell import arguments_of


@keras.saving.register_keras_serializable("rnn_suite")
class PeepholeLSTMCell(LSTMCell):
    """One step of `PeepholeLSTM`: an `LSTMCell` with diagonal peepholes by default.

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + P_i c_{t-1} + b_i)
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + P_f c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + P_o c_t + b_o)
        h_t = o_t * tanh(c_t)

    States: h and c, as those of `LSTMCell`.

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

    >>> cells = keras.layers.StackedRNNCells([PeepholeLSTMCell(4), PeepholeLSTMCell(4)])
    >>> keras.layers.RNN(cells)(np.zeros((32, 10, 8))).shape
    TensorShape([32, 4])

    Reference: Gers & Schmidhuber 2000, "Recurrent nets that time and count".
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
        peepholes="diagonal",
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
        options = arguments_of(LSTMCell, locals())
        super().__init__(**options)

    def get_config(self):
        return super().get_config() | {"peepholes": self.peepholes}


@keras.saving.register_keras_serializable("rnn_suite")
class PeepholeLSTM(LSTM):
    """LSTM with peepholes: its gates see the cell state; P is a vector by default.

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + P_i c_{t-1} + b_i)
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + P_f c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + P_o c_t + b_o)
        h_t = o_t * tanh(c_t)

    It learns intervals between events more precisely than an LSTM whose gates see h alone.

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
        use_cudnn: "auto" or True: on a GPU Keras' cuDNN kernel runs where the mathematics allow;
            False: never.
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

    Returns: as `LSTM`.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> layer = PeepholeLSTM(4, return_state=True)
    >>> output, h, c = layer(np.zeros((32, 10, 8)))

    Reference: Gers & Schmidhuber 2000, "Recurrent nets that time and count".
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
        use_cudnn="auto",
        *,
        peepholes="diagonal",
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
        recurrent_weight_dropout=0.0,
        zero_output_for_mask=False,
        **kwargs,
    ):
        self.set_up(LSTMCell, "lstm_cell", locals())

    def get_config(self):
        return super().get_config() | {"peepholes": self.cell.peepholes}
