"""The update step: gradients of all devices and workers are summed, clipped, and applied."""

from typing import NamedTuple

import tensorflow as tf

from ..errors import UserError
from .optimizers import MovingAverage, TriggeredAverage, clip, optimizer


class UpdateSums(NamedTuple):
    """The `Losses` of all batches of an update, and the norm of its gradient before clipping."""

    total: float
    tokens: float
    nll: float
    norm: float


class Update:
    """The update step of `common.training.Trainer`, with all variables that it changes.

    The gradient is that of the mean loss over all scored tokens of an update, whatever the number
    of devices or accumulated batches.

    Args:
        strategy, config, model, loss, state: as in `Trainer`.

    Raises:
        UserError: training.jit with several devices or workers.
    """

    def __init__(self, strategy, config, model, loss, state=None):
        self.strategy, self.config, self.model, self.loss = strategy, config, model, loss
        self.replicas = strategy.num_replicas_in_sync
        self.first_state = state
        if config.jit and self.replicas > 1:
            raise UserError("training.jit works on a single device only: leave it out")
        with strategy.scope():
            self.state = [
                tf.Variable(
                    value,
                    trainable=False,
                    synchronization=tf.VariableSynchronization.ON_READ,  # each device has its own
                    aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
                )
                for value in tf.nest.flatten(state)
                if value is not None
            ]
            self.optimizer = optimizer(config)
            self.optimizer.build(model.trainable_variables)
            self.average = (
                TriggeredAverage(model.trainable_variables)
                if config.nonmonotone
                else MovingAverage(model.trainable_variables, config.ema)
            )
        self.step = tf.function(self._distributed, autograph=False)

    def __call__(self, batches, rate, progress):
        """Makes one update.

        Args:
            batches: iterator over the batches.
            rate: learning rate.
            progress: share of the planned updates that are done.

        Returns:
            `UpdateSums`.
        """
        sums = self.step(batches, tf.constant(rate), tf.constant(progress, tf.float32))
        return UpdateSums(*sums.numpy())

    def _distributed(self, iterator, rate, progress):
        parts = [next(iterator) for _ in range(self.config.accumulate)]
        sums = self.strategy.run(self._on_replica, args=(parts, rate, progress))
        return self.strategy.experimental_local_results(sums)[0]

    def _on_replica(self, parts, rate, progress):
        if self.config.jit:
            return tf.function(self._update, jit_compile=True)(parts, rate, progress)
        return self._update(parts, rate, progress)

    def _update(self, parts, rate, progress):
        variables = self.model.trainable_variables
        scale = 1.0
        if self.config.precision == "mixed_float16":
            scale = self.optimizer.scale_loss(tf.constant(1.0))
        gradients, sums = None, tf.zeros([3])
        for arrays in parts:
            with tf.GradientTape() as tape:
                losses = self._loss(arrays, progress)
                scaled = losses.total * scale
            new = tape.gradient(scaled, [variable.value for variable in variables])
            new = [tf.convert_to_tensor(gradient) for gradient in new]  # all dense
            if gradients is not None:
                new = [a + b for a, b in zip(gradients, new, strict=True)]
            gradients = new
            sums += tf.stack([losses.total, losses.tokens, losses.nll])
        if self.replicas > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            sums = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        gradients, norm = clip(gradients, self.config.clip_norm, scale, count=sums[1])
        self._inner_optimizer().learning_rate.assign(rate)
        # Keras sums gradients over the replicas; here each already has the sum.
        self.optimizer.apply([g / self.replicas for g in gradients], variables)
        self.average.update(self.optimizer.iterations)
        return tf.concat([sums, [norm]], 0)

    def _loss(self, arrays, progress):
        if self.first_state is None:
            return self.loss(arrays, progress)
        carried = [tf.convert_to_tensor(variable) for variable in self.state]
        carried = tf.nest.pack_sequence_as(self.first_state, carried)
        losses = self.loss(arrays, progress, carried)
        for variable, value in zip(self.state, tf.nest.flatten(losses.state), strict=True):
            variable.assign(tf.stop_gradient(value))
        return losses

    def _inner_optimizer(self):
        return getattr(self.optimizer, "inner_optimizer", self.optimizer)

    # The carried state, which differs from device to device ---------------------------------------

    def start_state(self):
        """Resets the carried state to that of the start of an epoch."""
        for variable, value in zip(self.state, tf.nest.flatten(self.first_state), strict=False):
            variable.assign(value)

    def states(self):
        """The carried state, as arrays `[replicas, ...]`. All workers must call it together."""
        if not self.state:
            return []
        # NumPy's file format does not support bfloat16.
        return [value.numpy().astype("float32") for value in self._gathered()]

    def set_states(self, values):
        """Restores the carried state.

        Args:
            values: arrays from `states`.

        Raises:
            UserError: the shapes differ.
        """
        shapes = [(self.replicas, *variable.shape) for variable in self.state]
        if (found := [value.shape for value in values]) != shapes:
            raise UserError(
                f"the checkpoint has states of shapes {found}, not {shapes}: resume with the same "
                "number of devices"
            )
        if self.state:
            self._assign([tf.constant(value) for value in values])

    @tf.function(autograph=False)
    def _gathered(self):
        def run():
            values = [tf.convert_to_tensor(variable)[None] for variable in self.state]
            if self.replicas == 1:
                return values
            return tf.distribute.get_replica_context().all_gather(values, axis=0)

        found = self.strategy.run(run)
        return [self.strategy.experimental_local_results(value)[0] for value in found]

    @tf.function(autograph=False)
    def _assign(self, values):
        def run():
            context = tf.distribute.get_replica_context()
            for variable, value in zip(self.state, values, strict=True):
                own = value[context.replica_id_in_sync_group]
                variable.assign(tf.cast(own, variable.dtype))

        self.strategy.run(run)
