"""Optimizers, schedules, clipping and the moving average compared with numbers worked by hand."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.config import TrainingConfig
from common.training import MovingAverage, TriggeredAverage, clip, learning_rate, optimizer


@pytest.mark.parametrize(
    "schedule, expected",
    [
        ("constant", {0: 0.1, 4: 0.5, 9: 1.0, 10: 1.0, 110: 1.0}),
        ("inverse_sqrt", {0: 0.1, 9: 1.0, 10: 1.0, 40: 0.5, 90: 1 / 3}),
        ("cosine", {0: 0.1, 9: 1.0, 10: 1.0, 60: 0.5, 35: (1 + math.sqrt(0.5)) / 2, 110: 0.0}),
        ("plateau", {0: 0.1, 9: 1.0, 10: 0.25, 60: 0.25}),
    ],
)
def test_schedules(schedule, expected):
    config = TrainingConfig(learning_rate=1.0, warmup_steps=10, schedule=schedule)
    for step, rate in expected.items():
        assert learning_rate(config, step, 110, 0.25) == pytest.approx(rate, abs=1e-12), step


@pytest.mark.parametrize("schedule", ["constant", "inverse_sqrt", "cosine", "plateau"])
def test_schedules_without_warm_up_start_at_the_peak(schedule):
    config = TrainingConfig(learning_rate=0.3, warmup_steps=0, schedule=schedule)
    assert learning_rate(config, 0, 10) == pytest.approx(0.3)
    assert 0 <= learning_rate(config, 100, 10) <= 0.3  # past the plan
    assert learning_rate(config, 0, 0) == pytest.approx(0.3)


def test_clip_by_global_norm():
    gradients = [tf.constant([3.0, 0.0]), tf.constant([[4.0]])]  # norm 5
    clipped, norm = clip(gradients, 1.0)
    assert norm == 5.0
    np.testing.assert_allclose(clipped[0], [0.6, 0.0])
    np.testing.assert_allclose(clipped[1], [[0.8]])
    for limit in (5.0, 7.0, 0.0):  # at the limit, below it, and off
        same, norm = clip(gradients, limit)
        np.testing.assert_array_equal(same[0], [3.0, 0.0])
        assert norm == 5.0


def test_clip_of_scaled_gradients():
    """Scaled by 8, gradients stay scaled: their true norm is 5."""
    clipped, norm = clip([tf.constant([24.0, 32.0])], 1.0, scale=8.0)
    assert norm == 5.0
    np.testing.assert_allclose(clipped[0], [4.8, 6.4])


def test_clip_of_gradients_that_are_a_sum():
    """Over 4 tokens, scaled by 2: the mean is [3, 4]."""
    for limit, factor in ((1.0, 0.2), (0.0, 1.0)):
        clipped, norm = clip([tf.constant([24.0, 32.0])], limit, scale=2.0, count=4.0)
        assert norm == 5.0
        np.testing.assert_allclose(clipped[0], [6.0 * factor, 8.0 * factor], rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("jit", [False, True], ids=["", "xla"])
def test_adam_in_one_operation_is_that_of_keras(name, jit):
    config = TrainingConfig(optimizer=name, weight_decay=0.01 if name == "adamw" else 0.0)
    theirs = keras.optimizers.get(name)
    theirs.weight_decay = config.weight_decay or None
    random = np.random.default_rng(3)
    start = [random.normal(size=size).astype("float32") for size in ([40, 30], [7], [])]
    weights = []
    for made in (optimizer(config), theirs):
        variables = [keras.Variable(value) for value in start]
        made.build(variables)
        made.learning_rate.assign(0.05)
        random = np.random.default_rng(4)

        @tf.function(autograph=False, jit_compile=jit)
        def run(*gradients):
            made.apply(gradients, variables)  # noqa: B023, called before the next ones are made

        for _ in range(6):
            run(*(tf.constant(random.normal(size=v.shape), tf.float32) for v in start))
        weights.append([v.numpy() for v in [*variables, *made.variables]])
    assert np.abs(weights[0][0] - start[0]).max() > 0.1
    for ours, keras_own in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, keras_own, rtol=2e-5, atol=1e-5)


def test_moving_average():
    weights = keras.Variable([1.0, 2.0])
    average = MovingAverage([weights], 0.5)
    weights.assign([3.0, 6.0])
    average.update(1)  # d = min(0.5, 2 / 11)
    d = 2 / 11
    first = [d * 1 + (1 - d) * 3, d * 2 + (1 - d) * 6]
    np.testing.assert_allclose(average.averages[0], first, rtol=1e-6)
    average.update(1000)  # d = 0.5
    second = [0.5 * first[0] + 1.5, 0.5 * first[1] + 3]
    np.testing.assert_allclose(average.averages[0], second, rtol=1e-6)

    with average.in_place():
        np.testing.assert_allclose(weights, second, rtol=1e-6)
    np.testing.assert_array_equal(weights, [3.0, 6.0])
    with pytest.raises(ZeroDivisionError), average.in_place():
        raise ZeroDivisionError
    np.testing.assert_array_equal(weights, [3.0, 6.0])
    np.testing.assert_allclose(average.averages[0], second, rtol=1e-6)


def test_without_decay_there_is_no_average():
    weights = keras.Variable([1.0])
    average = MovingAverage([weights], 0.0)
    average.update(1)
    assert average.averages == []
    with average.in_place():
        np.testing.assert_array_equal(weights, [1.0])


@pytest.mark.parametrize(
    "name", ["adam", "adamw", "nadam", "sgd", "rmsprop", "adagrad", "adadelta"]
)
def test_every_optimizer_descends(name):
    made = optimizer(TrainingConfig(optimizer=name, momentum=0.5))
    assert type(made).__name__.lower() == name
    weights = keras.Variable([1.0, -1.0])
    made.build([weights])
    made.learning_rate.assign(0.1)
    for _ in range(2):
        made.apply([tf.constant([1.0, -1.0])], [weights])
    assert weights.numpy()[0] < 1 and weights.numpy()[1] > -1
    assert name != "sgd" or made.momentum == 0.5


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_weight_decay_is_what_was_asked_for(name, decay):
    """With zero gradients only the decay moves a weight: w (1 - rate * decay)."""
    made = optimizer(TrainingConfig(optimizer=name, weight_decay=decay))
    weights = keras.Variable([2.0])
    made.build([weights])
    made.learning_rate.assign(0.1)
    made.apply([tf.constant([0.0])], [weights])
    np.testing.assert_allclose(weights, [2.0 * (1 - 0.1 * decay)], rtol=1e-6)


def test_half_precision_scales_the_loss():
    made = optimizer(TrainingConfig(precision="mixed_float16"))
    assert isinstance(made, keras.optimizers.LossScaleOptimizer)
    assert not isinstance(
        optimizer(TrainingConfig(precision="mixed_bfloat16")), keras.optimizers.LossScaleOptimizer
    )


def test_a_triggered_average_is_the_mean_since_then():
    weights = keras.Variable([1.0])
    average = TriggeredAverage([weights])
    for value in (2.0, 5.0):
        weights.assign([value])
        average.update(1)
        with average.in_place():
            np.testing.assert_array_equal(weights, [value])  # before start(): the weights
    average.start()
    for value, mean in ((4.0, 4.0), (8.0, 6.0), (0.0, 4.0)):
        weights.assign([value])
        average.update(1)
        average.start()  # a second start changes nothing
        with average.in_place():
            np.testing.assert_allclose(weights, [mean], rtol=1e-6)
        np.testing.assert_array_equal(weights, [value])
