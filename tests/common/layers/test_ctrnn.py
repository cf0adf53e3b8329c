"""The continuous-time network: closed forms, orders of convergence, irregular steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.errors import UserError
from common.layers import CTRNN
from common.layers.ctrnn_program import SOLVERS
from tests import reference

BATCH, TIME, DEPTH, UNITS = 2, 5, 3, 4
ORDERS = {"euler": 1, "exponential": 1, "heun": 2, "rk4": 4}


def randoms(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def built(**options):
    layer = CTRNN(UNITS, return_sequences=True, return_state=True, **options)
    layer.build((None, None, DEPTH))
    layer.set_weights([0.5 * randoms(*w.shape, seed=n) for n, w in enumerate(layer.weights)])
    return layer


def close(a, b, tolerance=1e-5):
    tf.nest.map_structure(lambda x, y: np.testing.assert_allclose(x, y, 0, tolerance), a, b)


def test_leak_alone_is_the_closed_form():
    """Without recurrence y(t) = I + (y(0) - I) exp(-t / tau), which `exponential` solves exactly
    for any ratio of step to tau."""
    layer = built(dt=0.9)
    layer.cell.recurrent_kernel.assign(np.zeros([UNITS, UNITS]))
    x, start = np.repeat(randoms(BATCH, 1, DEPTH), TIME, 1), randoms(BATCH, UNITS, seed=1)
    current = x[:, 0] @ layer.cell.kernel.numpy()
    times = 0.9 * np.arange(1, TIME + 1)[:, None]
    for tau in (1.3, 0.01):  # the latter is 90 times shorter than the step
        layer.cell.log_tau.assign(np.full([UNITS], np.log(tau)))
        decay = np.exp(-times / tau)[None]  # [1, time, 1]
        expected = current[:, None] + (start - current)[:, None] * decay
        close(layer(x, initial_state=[start])[0], expected)


@pytest.mark.parametrize("solver", SOLVERS)
def test_order_of_convergence(solver):
    """With twice as many sub-steps, the error falls by two to the power of the solver's order."""
    x = tf.constant(randoms(BATCH, 2, DEPTH, dtype=np.float64))
    weights = None
    ends = {}
    for substeps in (8, 16, 32, 128):
        method = "rk4" if substeps == 128 else solver
        layer = built(solver=method, substeps=substeps, dt=2.0, dtype="float64")
        weights = weights or layer.get_weights()
        layer.set_weights(weights)
        ends[substeps] = layer(x)[0][:, -1].numpy()
    errors = [np.abs(ends[n] - ends[128]).max() for n in (8, 16, 32)]
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert abs(np.log2(coarse / fine) - ORDERS[solver]) < 0.25


def test_solvers_go_to_the_solution_of_the_equation():
    """Small Euler steps in numpy, written from the equation only."""
    layer = built(solver="rk4", substeps=4, dt=0.8)
    x, y = randoms(BATCH, TIME, DEPTH), randoms(BATCH, UNITS, seed=1)
    weights = {v.name: v.numpy().astype(float) for v in layer.weights}
    outputs = layer(x, initial_state=[y])[0]
    for t in range(TIME):
        for _ in range(4_000):
            y = y + 0.8 / 4_000 * reference.ctrnn_slope(y, x[:, t] @ weights["kernel"], weights)
        close(outputs[:, t], y, 5e-4)


def test_exponential_is_stable_where_euler_is_not():
    """Steps of 50 times tau, 200 of them."""
    x = np.ones([1, 200, DEPTH], np.float32)
    ends = {}
    for solver in SOLVERS:
        layer = CTRNN(UNITS, solver=solver, tau=0.02, return_sequences=True)
        ends[solver] = np.abs(layer(x)[:, -1]).max()
    assert ends["exponential"] < 100
    assert all(not ends[solver] < 1e6 for solver in ("euler", "heun", "rk4"))


@pytest.mark.parametrize("solver", SOLVERS)
def test_irregular_steps(solver):
    layer = built(solver=solver, substeps=2, dt=0.6)
    x, start = tf.constant(randoms(BATCH, TIME, DEPTH)), [tf.constant(randoms(BATCH, UNITS))]
    equal = tf.fill([BATCH, TIME], 0.6)
    close(layer(x, initial_state=start, time_steps=equal), layer(x, initial_state=start))
    # Each step and row with a different length, in numpy.
    lengths = np.random.default_rng(3).uniform(0.1, 2, [BATCH, TIME]).astype("float32")
    outputs = layer(x, initial_state=start, time_steps=lengths)[0]
    weights = {v.name: v.numpy() for v in layer.weights}
    for row in range(BATCH):
        y = start[0].numpy()[row : row + 1]
        for t in range(TIME):
            y, _ = reference.ctrnn_step(
                x.numpy()[row : row + 1, t], (y,), weights, solver, 2, lengths[row, t]
            )
            close(outputs[row : row + 1, t], y)


@pytest.mark.parametrize("shape", [[TIME], [BATCH, TIME - 1], [BATCH, TIME, 1]])
def test_time_steps_of_another_shape_are_refused(shape):
    with pytest.raises(UserError, match=r"time_steps are .*: they must be \[batch, time\]"):
        built()(randoms(BATCH, TIME, DEPTH), time_steps=np.ones(shape, "f"))


def test_one_length_for_all_steps():
    layer, x = built(solver="heun"), randoms(BATCH, TIME, DEPTH)
    expected = layer(x, time_steps=np.full([BATCH, TIME], 0.4, "f"))
    for scalar in (0.4, np.float64(0.4), tf.constant(0.4)):
        close(layer(x, time_steps=scalar), expected)
    unknown = [tf.TensorSpec([None, None, DEPTH])]
    close(tf.function(lambda x: layer(x, time_steps=0.4), input_signature=unknown)(x), expected)
    inputs = keras.Input([None, DEPTH])
    model = keras.Model(inputs, layer(inputs, time_steps=2))
    close(model(x), layer(x, time_steps=2.0))


@pytest.mark.parametrize("wrong", [-0.5, float("nan")])
def test_lengths_below_0_are_refused(wrong):
    layer, x = built(), tf.constant(randoms(BATCH, TIME, DEPTH))
    lengths = np.ones([BATCH, TIME], "f")
    lengths[1, 2] = wrong
    calls = [
        lambda: layer(x, time_steps=lengths),
        lambda: layer(x, time_steps=wrong),
        lambda: layer(x, time_steps=lengths, mask=tf.ones([BATCH, TIME], bool)),
    ]
    for call in (*calls, *map(tf.function, calls)):
        with pytest.raises(ValueError, match=rf"a time step is {wrong}: .* 0 or more"):
            call()
    # In a graph with unknown lengths, the result is NaN instead of a misleading number.
    outputs, _ = tf.function(lambda x, steps: layer(x, time_steps=steps))(x, tf.constant(lengths))
    assert np.isfinite(outputs[0]).all() and np.isfinite(outputs[1, :2]).all()
    assert np.isnan(outputs[1, 2:]).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_lengths_under_the_mask_mean_nothing(solver):
    layer, x = built(solver=solver), tf.constant(randoms(BATCH, TIME, DEPTH))
    mask = np.arange(TIME) < np.array([[TIME], [2]])

    def slopes(x, padding):
        steps = tf.where(mask, 0.5, padding)
        with tf.GradientTape() as tape:
            tape.watch([x, steps])
            outputs, last = layer(x, mask=mask, time_steps=steps)
            loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(last**3)
        return tape.gradient(loss, [*layer.trainable_variables, x, steps])

    expected = slopes(x, tf.constant(0.5))
    for padding in (np.nan, -1.0, np.inf):
        for call in (slopes, tf.function(slopes)):
            found = call(x, tf.constant(padding, tf.float32))
            close([tf.convert_to_tensor(g) for g in found], expected)


def test_a_step_of_zero_length_changes_nothing():
    layer, start = built(), [tf.constant(randoms(BATCH, UNITS))]
    lengths = np.array([[1.0, 0.0, 0.0, 2.0, 1.0]] * BATCH, "float32")
    outputs = layer(randoms(BATCH, TIME, DEPTH), initial_state=start, time_steps=lengths)[0]
    close(outputs[:, 1], outputs[:, 0], 0)
    assert np.abs(outputs[:, 3] - outputs[:, 2]).max() > 1e-2


@pytest.mark.parametrize("timed", [False, True], ids=["regular", "irregular"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_weight_learns_tau_too(solver, timed):
    """The kernel's gradients equal those of automatic differentiation; none is zero."""
    layer = built(solver=solver, substeps=2, learn_initial_state=True)
    x = tf.constant(randoms(BATCH, TIME, DEPTH))
    lengths = tf.constant(np.random.default_rng(3).uniform(0.1, 2, [BATCH, TIME]).astype("f"))
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)

    def slopes():
        with tf.GradientTape() as tape:
            tape.watch([x, lengths])
            outputs, last = layer(x, mask=mask, time_steps=lengths if timed else None)
            loss = tf.reduce_sum((outputs * mask[..., None]) ** 2) + tf.reduce_sum(last**3)
        sources = [*layer.trainable_variables, x] + [lengths] * timed
        names = [v.name for v in layer.trainable_variables] + ["x", "lengths"][: 1 + timed]
        return dict(zip(names, tape.gradient(loss, sources), strict=True))

    ours = slopes()
    layer.kernel_fits = lambda: False  # uses Keras' loop over the cell
    close(ours, slopes())
    assert {"log_tau", "theta", "initial_state"} <= set(ours)
    assert all(np.abs(gradient).max() > 1e-4 for gradient in ours.values())


def test_tau_starts_as_configured_and_stays_positive():
    layer = CTRNN(5, tau=(0.5, 8))
    layer.build((None, None, DEPTH))
    close(np.exp(layer.cell.log_tau), 0.5 * 2.0 ** np.arange(5))
    fixed = CTRNN(5, tau=2.0, learn_tau=False)
    fixed.build((None, None, DEPTH))
    close(np.exp(fixed.cell.log_tau), np.full(5, 2.0))
    assert "log_tau" not in {v.name for v in fixed.trainable_variables}
    optimizer = keras.optimizers.SGD(100.0)  # a step that would make tau itself negative
    variable = layer.cell.log_tau
    optimizer.apply([np.full(5, 0.1, "float32")], [variable])
    assert (np.exp(variable) > 0).all()


def test_input_dropout_leaves_the_lengths_of_steps_alone():
    layer = built(dropout=0.9, tau=1.0)
    layer.cell.kernel.assign(0 * layer.cell.kernel.numpy())  # the input has no influence
    lengths = np.full([BATCH, TIME], 0.3, "float32")
    x, start = randoms(BATCH, TIME, DEPTH), [tf.constant(randoms(BATCH, UNITS))]
    results = [
        layer(x, initial_state=start, time_steps=lengths, training=t)[0] for t in (True, False)
    ]
    close(*results)


def test_functional_model_with_lengths_of_steps(tmp_path):
    x, lengths = keras.Input([None, DEPTH]), keras.Input([None])
    model = keras.Model([x, lengths], CTRNN(UNITS)(x, time_steps=lengths))
    inputs = [randoms(BATCH, TIME, DEPTH), np.full([BATCH, TIME], 0.5, "float32")]
    model.save(tmp_path / "model.keras")
    close(keras.saving.load_model(tmp_path / "model.keras")(inputs), model(inputs), 0)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    close(loaded.serve(inputs), model(inputs))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"solver": "verlet"}, "'verlet'.*euler, exponential, heun, rk4"),
        ({"substeps": 0}, "substeps is 0"),
        ({"dt": 0.0}, "dt is 0.0"),
        ({"tau": -1}, "tau is -1"),
        ({"tau": (1, 2, 3)}, "lowest and the highest"),
        ({"recurrent_dropout": 0.5}, "recurrent_weight_dropout"),
        ({"stateful": True, "learn_initial_state": True}, "choose one"),
    ],
)
def test_settings_that_mean_nothing(options, message):
    with pytest.raises(UserError, match=message):
        CTRNN(UNITS, **options)


def test_inputs_of_another_depth_are_not_step_lengths():
    layer = CTRNN(UNITS)
    layer(tf.zeros([2, 3, 4]))
    with pytest.raises(UserError, match="built for inputs of 4 is given 5"):
        layer(tf.zeros([2, 3, 5]))


def test_slow_neurons_in_half_precision():
    """float16 has no tau of 1e7; its rate is computed in full precision."""
    x, found = randoms(BATCH, TIME, DEPTH), []
    for policy in ("float32", "mixed_float16"):
        layer = CTRNN(UNITS, tau=1e7, dt=6e4, solver="euler", dtype=policy)
        layer.build((None, None, DEPTH))
        layer.set_weights(
            [
                0.5 * randoms(*w.shape, seed=n) if "tau" not in w.path else w
                for n, w in enumerate(layer.weights)
            ]
        )
        found.append(layer(x))
    assert found[1].dtype == tf.float16
    np.testing.assert_allclose(tf.cast(found[1], tf.float32), found[0], rtol=0.03, atol=2e-5)
