"""Optimizers by name, learning-rate schedules, gradient clipping, and averages of weights."""

import contextlib
import math

import keras
import tensorflow as tf

from ..keras_internals import adam_moments, apply_adam


class _OneOperation:
    """Mixin for Keras' Adam and AdamW that updates a variable by one TensorFlow operation: one pass
    over weights, gradient and moments, instead of twelve in Keras."""

    def update_step(self, gradient, variable, learning_rate):
        first, second = adam_moments(self, variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        apply_adam(
            variable,
            first.value,
            second.value,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


class Adam(_OneOperation, keras.optimizers.Adam):
    """Keras' Adam with a fused update."""


class AdamW(_OneOperation, keras.optimizers.AdamW):
    """Keras' AdamW with a fused update."""


OURS = {"adam": Adam, "adamw": AdamW}


def optimizer(config):
    """The optimizer of a TrainingConfig, with learning rate 0: `Update` sets it at every step."""
    options = {}
    if config.weight_decay or config.optimizer == "adamw":  # the default of AdamW is not 0
        options["weight_decay"] = config.weight_decay
    if config.optimizer == "sgd":
        options["momentum"] = config.momentum
    kind = OURS.get(config.optimizer) or type(keras.optimizers.get(config.optimizer))
    made = kind(learning_rate=0.0, **options)
    if config.precision == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(made)
    return made


def learning_rate(config, step, total_steps, plateau_scale=1.0):
    """The learning rate of update `step` (from 0) of `total_steps`.

    With w warm-up steps, at most a quarter of all, and peak rate r: linear r (step + 1) / w up to
    w, then
        constant      r
        inverse_sqrt  r sqrt(w / step)
        cosine        r (1 + cos(pi (step - w) / (total - w))) / 2
        plateau       r times `plateau_scale`, which falls when validation does not improve
    """
    rate, warmup = config.learning_rate, min(config.warmup_steps, total_steps // 4)
    if step < warmup:
        return rate * (step + 1) / warmup
    if config.schedule == "inverse_sqrt":
        return rate * math.sqrt(max(warmup, 1) / max(step, 1))
    if config.schedule == "cosine":
        done = (step - warmup) / max(1, total_steps - warmup)
        return rate * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    if config.schedule == "plateau":
        return rate * plateau_scale
    return rate


def clip(gradients, limit, scale=1.0, count=1.0):
    """Clips gradients by their global norm: g -> g min(1, limit / |g|) (Pascanu et al. 2013).

    Args:
        gradients: summed over `count` tokens; they are divided by `count` in the same pass.
        limit: largest norm; 0: no clipping.
        scale: loss scale of mixed precision, which the result retains.
        count: number of tokens.

    Returns:
        (gradients, |g| before clipping and without `scale`).
    """
    norm = tf.linalg.global_norm(gradients) / (scale * count)
    factor = 1 / count
    if limit:
        factor *= limit / tf.maximum(norm, limit)
    return [gradient * tf.cast(factor, gradient.dtype) for gradient in gradients], norm


class MovingAverage:
    """Exponential moving average of weights: after every update

        a <- d a + (1 - d) w,   d = min(decay, (1 + step) / (10 + step))

    Args:
        variables: the Keras variables.
        decay: 0: no average.
    """

    def __init__(self, variables, decay):
        self.variables, self.decay = [v.value for v in variables], decay
        self.averages = [
            tf.Variable(v, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
            for v in (self.variables if decay else [])
        ]

    def update(self, step):
        """Includes the current weights; `step` is the number of updates made."""
        step = tf.cast(step, tf.float32)
        rest = 1 - tf.minimum(self.decay, (1 + step) / (10 + step))
        for average, variable in zip(self.averages, self.variables, strict=False):
            average.assign_sub(rest * (average - variable))

    @contextlib.contextmanager
    def in_place(self):
        """Context manager in which the model has the averaged weights."""
        own = [v.numpy() for v in self.variables] if self.averages else []
        for variable, average in zip(self.variables, self.averages, strict=False):
            variable.assign(average.numpy())
        try:
            yield
        finally:
            for variable, value in zip(self.variables, own, strict=False):
                variable.assign(value)


class TriggeredAverage(MovingAverage):
    """The average of NT-ASGD (Merity et al. 2018): the current weights until `start`, then the mean
    of all weights since:  a <- a + (w - a) / n,  n = updates since the start.

    The counter n is the last element of `averages`, so that it is part of every checkpoint.
    """

    def __init__(self, variables):
        super().__init__(variables, decay=1.0)
        self.count = tf.Variable(
            -1, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
        )
        self.averages.append(self.count)

    def start(self):
        """Starts averaging with the next update; no effect if already started."""
        self.count.assign(tf.maximum(self.count, 0))

    def update(self, step):
        """Includes the current weights."""
        self.count.assign_add(tf.cast(self.count >= 0, tf.int32))
        rest = 1 / tf.cast(tf.maximum(self.count, 1), tf.float32)
        for average, variable in zip(self.averages, self.variables, strict=False):
            average.assign_sub(rest * (average - variable))
