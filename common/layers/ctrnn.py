"""The continuous-time recurrent network, with learned time constants and a choice of solvers."""

import keras
import numpy as np
import tensorflow as tf

from ..errors import UserError
from .keras_loop import ProgramCell, SequenceLoop, flat_config, split_options
from .step_program import Elementwise, Product

# Explicit Runge-Kutta methods: the weights of the slopes in each further stage, and in the result.
TABLEAUS = {
    "euler": ((), (1.0,)),
    "heun": (((1.0,),), (1 / 2, 1 / 2)),
    "rk4": (((1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}
SOLVERS = ("euler", "exponential", "heun", "rk4")


def _advance(weights):
    """y + rate * sum_n weights_n (u_n - y_n), a step of a Runge-Kutta method; rate = dt / tau."""
    used = [(n, weight) for n, weight in enumerate(weights) if weight]

    def advance(y, rate, *stages):
        slopes = [
            weight * (stages[2 * m] - stages[2 * m + 1]) for m, (_, weight) in enumerate(used)
        ]
        return y + rate * sum(slopes[1:], slopes[0])

    return advance, [n for n, _ in used]


def ctrnn_program(activation, solver, substeps):
    """The program from y to new_y; x is the input I, rate is dt / tau of a sub-step (for the
    exponential solver: exp(-dt / tau))."""
    program = []

    def drive(y, u):
        """u = I + W sigma(y - theta)"""
        rates = Elementwise("r" + u, lambda y, theta: activation(y - theta), (y, "theta"))
        program.extend([rates, Product(u, ("r" + u,), "recurrent_kernel", "x")])

    for substep in range(substeps):
        start = f"y_{substep}" if substep else "y"
        end = f"y_{substep + 1}" if substep + 1 < substeps else "new_y"
        drive(start, f"u_{substep}")
        if solver == "exponential":
            relax = lambda y, u, decay: u + decay * (y - u)  # noqa: E731
            program.append(Elementwise(end, relax, (start, f"u_{substep}", "rate")))
            continue
        further, last = TABLEAUS[solver]
        stages = [(f"u_{substep}", start)]
        for number, weights in enumerate((*further, last), 1):
            advance, used = _advance(weights)
            out = end if number > len(further) else f"{start}.{number}"
            of = (start, "rate", *sum((stages[n] for n in used), ()))
            program.append(Elementwise(out, advance, of))
            if number <= len(further):
                stages.append((f"u_{substep}.{number}", out))
                drive(out, stages[-1][0])
    return program


@keras.saving.register_keras_serializable("rnn_suite")
class CTRNNCell(ProgramCell, keras.layers.SimpleRNNCell):
    """One step of `CTRNN`, whose arguments it takes. State: [y]. Inputs with one column more than
    the cell was built for have the length of the step in the last one."""

    update = {"y": "new_y"}

    def __init__(
        self,
        units,
        activation="sigmoid",
        solver="exponential",
        substeps=1,
        dt=1.0,
        tau=1.0,
        learn_tau=True,
        learn_initial_state=False,
        **options,
    ):
        super().__init__(units, activation=activation, **{"use_bias": False} | options)
        if solver not in SOLVERS:
            raise UserError(f"unknown solver {solver!r}: choose one of {', '.join(SOLVERS)}")
        if substeps < 1:
            raise UserError(f"substeps is {substeps}: it must be at least 1")
        if not dt > 0:
            raise UserError(f"dt is {dt}: it must be above 0")
        if self.recurrent_dropout:
            raise UserError(
                "recurrent_dropout would drop the state itself, which leaks on from step to step: "
                "take recurrent_weight_dropout"
            )
        self.tau = list(tau) if isinstance(tau, (list, tuple)) else tau
        bounds = np.atleast_1d(np.array(tau, float))
        if bounds.size > 2 or not (bounds > 0).all():
            raise UserError(f"tau is {tau}: give one number above 0, or the lowest and the highest")
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


@keras.saving.register_keras_serializable("rnn_suite")
class CTRNN(SequenceLoop, keras.layers.RNN):
    """Continuous-time recurrent network (Beer 1995; Funahashi & Nakamura 1993).

        tau dy/dt = -y + W sigma(y - theta) + I(t),      I(t) = V x_t while step t lasts

    Its output and only state is y, after each step. tau = exp(log_tau) is positive for every
    unit. The step dt is cut into `substeps` of h = dt / substeps, each made by the solver:

        euler        y <- y + h / tau (u - y),  u = W sigma(y - theta) + I; order 1. It oscillates
                     for h / tau > 1 and explodes for h / tau > 2: use more sub-steps then
        exponential  y <- u + exp(-h / tau) (y - u); order 1, exact in the leak, hence stable for
                     any h / tau
        heun         order 2, rk4: order 4 (Runge-Kutta); limits like Euler's, 2 and 2.8

    Args:
        units: number of neurons.
        activation: sigma.
        solver, substeps: see above.
        dt: length of a step, in the unit of tau, where the call gives none.
        tau: the first time constants: one number, or (lowest, highest), spread geometrically.
        learn_tau: False keeps them.
        learn_initial_state: y before the first step is a weight instead of zero.
        use_bias: adds a bias to I; off, since theta and the initial state can do the same.
        recurrent_weight_dropout: as in `LSTM`.
        options: any other argument of `keras.layers.SimpleRNN`.

    Call: as any `keras.layers.RNN`, and `time_steps`, positive, `[batch, time]`: the length of each
    step, for sequences that are sampled irregularly.
    """

    def __init__(self, units, *, recurrent_weight_dropout=0.0, **options):
        layer, cell = split_options(options)
        super().__init__(CTRNNCell(units, name="ctrnn_cell", **cell), **layer)
        self.input_spec = [keras.layers.InputSpec(ndim=3)]
        self._set_weight_dropout(recurrent_weight_dropout, self.cell.seed)
        if self.stateful and self.cell.learn_initial_state:
            raise UserError("learn_initial_state means nothing to a stateful layer: choose one")

    @property
    def units(self):
        return self.cell.units

    def call(self, sequences, initial_state=None, mask=None, training=False, time_steps=None):
        depth = self.cell.kernel.shape[0]
        if sequences.shape[-1] != depth:
            raise UserError(f"a CTRNN built for inputs of {depth} is given {sequences.shape[-1]}")
        if time_steps is not None:
            time_steps = tf.convert_to_tensor(time_steps)
            given, wanted = time_steps.shape, sequences.shape[:2]
            if not given.is_compatible_with(wanted):
                raise UserError(f"time_steps are {given}: they must be [batch, time], {wanted}")
            steps = tf.cast(time_steps, sequences.dtype)[..., None]
            sequences = tf.concat([sequences, steps], -1)  # [batch, time, depth + 1]
        return super().call(sequences, initial_state, mask, training)

    def get_config(self):
        return flat_config(self, super().get_config())

    @classmethod
    def from_config(cls, config):
        return cls(**config)
