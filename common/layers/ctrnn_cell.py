"""One step of the continuous-time recurrent network."""

import keras
import numpy as np
import tensorflow as tf

from ..errors import ArgumentError
from .ctrnn_program import SOLVERS, ctrnn_program
from .program_cell import ProgramCell, arguments_of, at_least_one


@keras.saving.register_keras_serializable("rnn_suite")
class CTRNNCell(ProgramCell, keras.layers.SimpleRNNCell):
    """One step of `CTRNN`: a cell for `keras.layers.RNN` and `keras.layers.StackedRNNCells`.

        tau dy/dt = -y + W sigma(y - theta) + I(t),      I(t) = V x_t while step t lasts

    tau = exp(log_tau) is positive for every unit. The step dt is cut into `substeps` of h = dt /
    substeps, each made by the solver:

        euler        y <- y + h / tau (u - y),  u = W sigma(y - theta) + I; order 1. It oscillates
                     for h / tau > 1 and explodes for h / tau > 2: use more sub-steps then
        exponential  y <- u + exp(-h / tau) (y - u); order 1, exact in the leak, hence stable for
                     any h / tau
        heun         order 2, rk4: order 4 (Runge-Kutta); limits like Euler's, 2 and 2.8

    State and output: y `[batch, units]`, at the end of the step. Inputs with one column more than
    the cell was built for have the length of the step in the last one.

    Args:
        units: number of neurons.
        activation: sigma, by Keras' name or any function; None: the identity.
        use_bias: whether I has a bias; theta and the first state can do the same.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of V, of W, and of
            theta and the bias.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the same weights.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the same
            weights after each update.
        dropout: rate of dropout on the inputs, one mask for all steps.
        recurrent_dropout: must be 0: it would drop the state itself, which leaks from step to step.
        seed: of the dropout masks.
        solver: "euler", "exponential", "heun" or "rk4", see above.
        substeps: number of solver steps in a step.
        dt: length of a step, in the unit of tau, where the call gives none.
        tau: first time constants: one number, or (lowest, highest), spread geometrically.
        learn_tau: whether the time constants are learned.
        learn_initial_state: whether y before the first step is a weight instead of zero.
        kwargs: arguments of `keras.layers.Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: `[batch, depth]`.
        states: list of the states, as above.
        training: whether dropout is on.

    Raises:
        ValueError: an argument has a value that means nothing.

    Example:

    >>> keras.layers.RNN(CTRNNCell(4, solver="rk4"))(np.zeros((32, 10, 8))).shape
    TensorShape([32, 4])

    Reference: Beer 1995, "On the dynamics of small continuous-time recurrent neural networks".
    """

    update = {"y": "new_y"}

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        *,
        solver="exponential",
        substeps=1,
        dt=1.0,
        tau=1.0,
        learn_tau=True,
        learn_initial_state=False,
        **kwargs,
    ):
        at_least_one("units", units)
        super().__init__(**arguments_of(keras.layers.SimpleRNNCell, locals()))
        if solver not in SOLVERS:
            raise ArgumentError(f"unknown solver {solver!r}: choose one of {', '.join(SOLVERS)}")
        at_least_one("substeps", substeps)
        if not dt > 0:
            raise ArgumentError(f"dt is {dt}: it must be above 0")
        if self.recurrent_dropout:
            raise ArgumentError(
                "recurrent_dropout would drop the state itself, which leaks on from step to step: "
                "take recurrent_weight_dropout"
            )
        self.tau = list(tau) if isinstance(tau, (list, tuple)) else tau
        bounds = np.atleast_1d(np.array(tau, float))
        if bounds.size > 2 or not (bounds > 0).all():
            raise ArgumentError(
                f"tau is {tau}: give one number above 0, or the lowest and the highest"
            )
        self.solver, self.substeps, self.dt = solver, substeps, dt
        self.learn_tau, self.learn_initial_state = learn_tau, learn_initial_state
        self.program = ctrnn_program(self.activation, solver, substeps)

    def build(self, input_shape):
        super().build(input_shape)
        bounds = np.atleast_1d(np.array(self.tau, float))
        taus = np.geomspace(bounds[0], bounds[-1], self.units)
        self.theta = self.add_weight(
            shape=(self.units,), name="theta", initializer=self.bias_initializer
        )
        self.log_tau = self.add_weight(
            shape=(self.units,),
            name="log_tau",
            initializer=lambda shape, dtype=None: tf.cast(np.log(taus), dtype),
            trainable=self.learn_tau,
            autocast=False,  # half precision has no small rates
        )
        if self.learn_initial_state:
            self.initial_state = self.add_weight(
                shape=(self.units,), name="initial_state", initializer="zeros"
            )
        self.built = True

    def get_initial_state(self, batch_size=None):
        if not self.learn_initial_state:
            return super().get_initial_state(batch_size)
        return [tf.tile(self.weight("initial_state")[None], [batch_size, 1])]

    def _rate(self, dt):
        log_tau = self.log_tau.value
        rate = tf.cast(dt, log_tau.dtype) / self.substeps * tf.exp(-log_tau)
        return tf.cast(tf.exp(-rate) if self.solver == "exponential" else rate, self.compute_dtype)

    def _timed(self, x):
        return x.shape[-1] == self.kernel.shape[0] + 1

    def drop(self, x, mask):
        return (
            tf.concat([x[..., :-1] * mask[..., :-1], x[..., -1:]], -1)
            if self._timed(x)
            else x * mask
        )

    def project(self, x):
        if not self._timed(x):
            return super().project(x)
        return {**super().project(x[..., :-1]), "rate": self._rate(x[..., -1:])}

    def constants(self):
        names = ("recurrent_kernel", "theta")
        return {"rate": self._rate(self.dt)} | {name: self.weight(name) for name in names}

    def call(self, inputs, states, training=False):
        return self.one_step(inputs, states, training)

    def get_config(self):
        names = ("solver", "substeps", "dt", "tau", "learn_tau", "learn_initial_state")
        return super().get_config() | {name: getattr(self, name) for name in names}
