"""The continuous-time recurrent network, with learned time constants and a choice of solvers."""

import keras
import numpy as np
import tensorflow as tf

from ..errors import ArgumentError
from .ctrnn_cell import CTRNNCell
from .keras_loop import SequenceLoop, checked_mask
from .program_cell import flat_config


@keras.saving.register_keras_serializable("rnn_suite")
class CTRNN(SequenceLoop, keras.layers.RNN):
    """Continuous-time recurrent network (Beer 1995; Funahashi & Nakamura 1993).

        tau dy/dt = -y + W sigma(y - theta) + I(t),      I(t) = V x_t while step t lasts

    Its output and only state is y, after each step.

    tau = exp(log_tau) is positive for every unit. The step dt is cut into `substeps` of h = dt /
    substeps, each made by the solver:

        euler        y <- y + h / tau (u - y),  u = W sigma(y - theta) + I; order 1. It oscillates
                     for h / tau > 1 and explodes for h / tau > 2: use more sub-steps then
        exponential  y <- u + exp(-h / tau) (y - u); order 1, exact in the leak, hence stable for
                     any h / tau
        heun         order 2, rk4: order 4 (Runge-Kutta); limits like Euler's, 2 and 2.8

    Args:
        units: number of neurons.
        activation: sigma, by Keras' name or any function; None: the identity.
        use_bias: whether I has a bias; theta and the first state can do the same.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of V, of W, and of
            theta and the bias.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the same weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the same
            weights after each update.
        dropout: rate of dropout on the inputs, one mask for all steps.
        recurrent_dropout: must be 0: it would drop the state itself, which leaks from step to step.
        return_sequences: whether to return the outputs of all steps, not only the last one.
        return_state: whether to return the last states too.
        go_backwards: whether to read from the last step to the first; outputs come in that order.
        stateful: whether the last states are the first ones of the next call.
        unroll: whether to build every step into the graph, in Keras' loop over cells.
        seed: of the dropout masks.
        solver: "euler", "exponential", "heun" or "rk4", see above.
        substeps: number of solver steps in a step.
        dt: length of a step, in the unit of tau, where the call gives none.
        tau: first time constants: one number, or (lowest, highest), spread geometrically.
        learn_tau: whether the time constants are learned.
        learn_initial_state: whether y before the first step is a weight instead of zero.
        recurrent_weight_dropout: rate of DropConnect on the recurrent kernels in training, one mask
            a call (Merity et al. 2018).
        zero_output_for_mask: whether the outputs of masked steps are 0, not those before them.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        sequences: `[batch, time, depth]`; time may be 0.
        initial_state: list of y before the first step; zeros, or the learned one, unless given.
        mask: bool `[batch, time]`; where it is False, the step is skipped.
        training: whether dropout is on.
        time_steps: lengths of the steps, in the unit of tau, for sequences that are sampled
            irregularly: `[batch, time]`, or one number for all; 0 or more; `dt` unless given.
            Those of masked steps mean nothing, and may be NaN.

    Returns: the last y `[batch, units]`, with `return_sequences` all `[batch, time, units]`; with
    `return_state` also the last y.

    Raises:
        ValueError: an argument has a value that means nothing; `time_steps` have another shape;
            in eager mode, one of them is negative or NaN (in a graph the outputs are NaN then).

    Example:

    >>> layer = CTRNN(4, tau=(1, 100), return_sequences=True)
    >>> layer(np.zeros((32, 10, 8)), time_steps=np.full((32, 10), 0.5)).shape
    TensorShape([32, 10, 4])

    Reference: Beer 1995, "On the dynamics of small continuous-time recurrent neural networks";
    Funahashi & Nakamura 1993, "Approximation of dynamical systems by continuous time recurrent
    neural networks".
    """

    def __init__(
        self,
        units,
        activation="sigmoid",
        use_bias=False,
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
        solver="exponential",
        substeps=1,
        dt=1.0,
        tau=1.0,
        learn_tau=True,
        learn_initial_state=False,
        recurrent_weight_dropout=0.0,
        zero_output_for_mask=False,
        **kwargs,
    ):
        self.set_up(CTRNNCell, "ctrnn_cell", locals())
        if stateful and learn_initial_state:
            raise ArgumentError("learn_initial_state means nothing to a stateful layer: choose one")

    @property
    def units(self):
        return self.cell.units

    def call(self, sequences, initial_state=None, mask=None, training=False, time_steps=None):
        """As `SequenceLoop.call`, and with `time_steps`, which the class describes."""
        depth = self.cell.kernel.shape[0]
        if sequences.shape[-1] != depth:
            raise ArgumentError(
                f"a CTRNN built for inputs of {depth} is given {sequences.shape[-1]}"
            )
        if time_steps is not None:
            mask = checked_mask(mask, sequences)
            steps = _checked_steps(time_steps, sequences, mask)
            sequences = tf.concat([sequences, steps[..., None]], -1)  # [batch, time, depth + 1]
        return super().call(sequences, initial_state, mask, training)

    def get_config(self):
        return flat_config(self, super().get_config())

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _checked_steps(time_steps, sequences, mask):
    """Lengths of steps `[batch, time]`: 0 at masked steps, NaN where they are negative."""
    steps, wanted = tf.convert_to_tensor(time_steps), sequences.shape[:2]
    if steps.shape.rank != 0 and not steps.shape.is_compatible_with(wanted):
        raise ArgumentError(
            f"time_steps are {steps.shape}: they must be [batch, time], {wanted}, or one number"
        )
    _refuse_negative(tf.get_static_value(steps), mask)
    steps = tf.cast(steps, sequences.dtype)
    if steps.shape.rank == 0:
        steps = tf.broadcast_to(steps, tf.shape(sequences)[:2])
        steps.set_shape(wanted)
    if mask is not None:
        # Their gradient, too, is 0 then, where that of NaN would be NaN for every weight.
        steps = tf.where(mask, steps, tf.zeros_like(steps))
    # An assertion would stop a GPU at every call; a loss that is NaN stops a training anyway.
    return tf.where(steps >= 0, steps, tf.constant(np.nan, steps.dtype))


def _refuse_negative(steps, mask):
    """Raises an error for lengths that are known (not None) and negative or NaN, unless masked."""
    valid = None if mask is None else tf.get_static_value(mask)
    if steps is None or (mask is not None and valid is None):
        return
    if valid is not None:
        steps = np.broadcast_to(steps, valid.shape)[valid]
    wrong = steps[~(steps >= 0)]
    if wrong.size:
        raise ArgumentError(f"a time step is {wrong[0]}: lengths of steps must be 0 or more")
