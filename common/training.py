"""The one training loop: exact to resume, safe to stop, the same on one device or many."""

import itertools
import math
import time

import tensorflow as tf

from common import checkpoints
from common.errors import UserError
from common.optimizers import MovingAverage, TriggeredAverage, clip, learning_rate, optimizer
from common.position import Position
from common.progress import Progress
from common.stopping import Stop

EXPLODED = 10  # times the loss of the untrained model


def strategy():
    """MirroredStrategy on several GPUs, else TensorFlow's default."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


class Trainer:
    """Trains a model of any app.

    Args:
        run: the `Run`. config: its TrainingConfig.
        strategy: under whose scope the model was made (`strategy()`).
        model: a built keras.Model.
        batches: `common.batching.Batches`, or what has its `order(epoch)`, `arrays(batch)` and
            `signature`; with a `rate_scale(batch)` of its own, that factor on the learning rate.
        loss: (arrays, progress) -> (sum of losses, number of scored tokens, sum of nll);
            progress is the share of the planned updates that are done, a scalar.
        validate: () -> (scores, samples): a dict with "loss" and `metric`, and lines of text.
        metric: the score that decides which weights are best.
        lower_is_better: of that score.
        state: for truncated back-propagation through time, a nest of tensors: what is carried from
            batch to batch, as it is at the start of every epoch. The loss is then
            (arrays, progress, state) -> (losses, tokens, nll, next state), and no gradient flows
            from a batch into the one before.

    The gradient is that of the mean loss over all scored tokens of an update, whatever the number
    of devices or of accumulated batches.
    """

    def __init__(
        self,
        run,
        config,
        strategy,
        model,
        batches,
        loss,
        validate,
        metric,
        lower_is_better=False,
        state=None,
    ):
        self.run, self.config, self.strategy, self.model = run, config, strategy, model
        self.batches, self.loss, self.validate, self.metric = batches, loss, validate, metric
        self.sign = -1 if lower_is_better else 1
        self.first_state = state
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
        self.rotation = checkpoints.Rotation(run.checkpoints)
        self.position = Position()
        self.replicas = strategy.num_replicas_in_sync
        self.total_steps = sum(self._epoch_steps(epoch) for epoch in range(config.epochs))
        if not self.total_steps:
            raise UserError(
                f"one update takes {self.replicas * config.accumulate} batches, but an epoch has "
                f"{len(batches.order(0))}: lower training.accumulate or batching.batch_size"
            )
        self._step = tf.function(self._distributed_step, autograph=False)

    def fit(self, max_steps=None):
        """Trains to the end of the plan, or until `max_steps` updates; returns the Position."""
        if max_steps is not None and max_steps < 1:
            raise UserError(f"--max-steps is {max_steps}: it must be at least 1")
        if self._resume():
            print(f"going on at step {self.position.step} (epoch {self.position.epoch + 1})")
        position = self.position
        limit = min(max_steps or self.total_steps, self.total_steps)
        with Stop() as stop, Progress(self.run, self.total_steps, position) as progress:
            # A start may find all updates made, but not yet validated.
            while not position.finished and (
                position.step < limit or position.validated < position.step
            ):
                self._train_epoch(limit, stop, progress)
                if stop.wanted:
                    self._save()
                    raise UserError(
                        f"stopped by {stop.wanted} at step {position.step}; all is saved, "
                        "the same command goes on from there"
                    )
                self._end_epoch(progress)
            if position.step >= self.total_steps:
                position.finished = position.finished or "all epochs are done"
            self._save()
        return position

    # One update ---------------------------------------------------------------------------------

    def _distributed_step(self, iterator, rate, progress):
        parts = [next(iterator) for _ in range(self.config.accumulate)]
        sums = self.strategy.run(self._replica_step, args=(parts, rate, progress))
        return self.strategy.experimental_local_results(sums)[0]

    def _replica_step(self, parts, rate, progress):
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
                total, weight, nll = self._loss(arrays, progress)
                scaled = total * scale
            new = tape.gradient(scaled, [variable.value for variable in variables])
            new = [tf.convert_to_tensor(gradient) for gradient in new]  # none stays sparse
            if gradients is not None:
                new = [a + b for a, b in zip(gradients, new, strict=True)]
            gradients = new
            sums += tf.stack([total, weight, nll])
        if self.replicas > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            sums = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        gradients = [gradient / sums[1] for gradient in gradients]
        gradients, norm = clip(gradients, self.config.clip_norm, scale)
        self._inner_optimizer().learning_rate.assign(rate)
        # Keras adds gradients up over the replicas; here they are the same on each already.
        self.optimizer.apply([g / self.replicas for g in gradients], variables)
        self.average.update(self.optimizer.iterations)
        return tf.concat([sums, [norm]], 0)

    def _loss(self, arrays, progress):
        if self.first_state is None:
            return self.loss(arrays, progress)
        carried = [tf.convert_to_tensor(variable) for variable in self.state]
        carried = tf.nest.pack_sequence_as(self.first_state, carried)
        *sums, state = self.loss(arrays, progress, carried)
        for variable, value in zip(self.state, tf.nest.flatten(state), strict=True):
            variable.assign(tf.stop_gradient(value))
        return sums

    def _inner_optimizer(self):
        return getattr(self.optimizer, "inner_optimizer", self.optimizer)

    # Epochs -------------------------------------------------------------------------------------

    def _epoch_steps(self, epoch):
        return len(self.batches.order(epoch)) // (self.replicas * self.config.accumulate)

    def _dataset(self, epoch, skip):
        """Every replica draws its own batches; each worker's process makes only its share."""
        order = self.batches.order(epoch)
        spec = self.batches.signature

        def make(context):
            workers = context.num_input_pipelines
            local = self.replicas // workers  # devices of this worker, one batch each a step
            groups = [order[i : i + local] for i in range(0, len(order), local)]
            mine = groups[context.input_pipeline_id :: workers][skip * self.config.accumulate :]

            def generate():
                for numbers in itertools.chain.from_iterable(mine):
                    yield self.batches.arrays(numbers)

            return tf.data.Dataset.from_generator(generate, output_signature=spec).prefetch(4)

        return self.strategy.distribute_datasets_from_function(make)

    def _train_epoch(self, limit, stop, progress):
        position, config = self.position, self.config
        if position.batch == 0:
            for variable, value in zip(self.state, tf.nest.flatten(self.first_state), strict=False):
                variable.assign(value)
        iterator = iter(self._dataset(position.epoch, position.batch))
        order = self.batches.order(position.epoch)
        scale = getattr(self.batches, "rate_scale", lambda batch: 1.0)
        saved = time.monotonic()
        while position.batch < self._epoch_steps(position.epoch):
            if position.step >= limit or stop.wanted:
                break
            rate = learning_rate(config, position.step, self.total_steps, position.plateau_scale)
            rate *= scale(order[position.batch * self.replicas * config.accumulate])
            share = position.step / self.total_steps
            sums = self._step(iterator, tf.constant(rate), tf.constant(share, tf.float32)).numpy()
            self._check(float(sums[0] / sums[1]))
            position.step += 1
            position.batch += 1
            progress.update(sums, rate)
            if time.monotonic() - saved > 60 * config.checkpoint_minutes:
                self._save()
                saved = time.monotonic()

    def _check(self, loss):
        """Stops a training that has gone wrong, before anything of it is saved."""
        if self.position.first_loss is None:
            self.position.first_loss = loss
        if math.isfinite(loss) and loss <= EXPLODED * abs(self.position.first_loss):
            return
        kept = self.rotation.paths()
        at = f"the last good checkpoint is {kept[0]}" if kept else "there is no checkpoint yet"
        what = f"{loss:.3g}, it has exploded" if math.isfinite(loss) else "not finite"
        raise UserError(
            f"the loss of step {self.position.step + 1} is {what}; {at}. Lower "
            "training.learning_rate (or set training.clip_norm) and train into another folder"
        )

    def _end_epoch(self, progress):
        position, config = self.position, self.config
        with self.average.in_place():
            scores, samples = self.validate()
            better = position.record is None or (
                self.sign * scores[self.metric] > self.sign * position.record
            )
            if better:
                position.best = scores[self.metric]
                meta = {"step": position.step, "scores": scores}
                weights = checkpoints.values("model", self.model.variables)
                checkpoints.save(self.run.checkpoints / "best.npz", weights, meta)
        position.validated = position.step
        progress.validated(scores, samples, better)
        if position.batch >= self._epoch_steps(position.epoch):
            # A stop by max_steps in mid-epoch counts for nothing here: it is not in the plan.
            position.epoch, position.batch = position.epoch + 1, 0
            position.record = scores[self.metric] if better else position.record
            position.bad_validations = 0 if better else position.bad_validations + 1
            if config.nonmonotone and position.bad_validations >= config.nonmonotone:
                self.average.start()
            if config.patience and position.bad_validations >= config.patience:
                position.finished = f"no better {self.metric} in {config.patience} validations"
            stood_still = position.bad_validations % (config.plateau_patience + 1) == 0
            if config.schedule == "plateau" and stood_still and not better:
                position.plateau_scale *= config.plateau_factor
        self._save()

    # Checkpoints --------------------------------------------------------------------------------

    def _variables(self):
        return {
            "model": self.model.variables,  # with the seeds of the dropouts
            "optimizer": self.optimizer.variables,
            "average": self.average.averages,
            "state": self.state,
        }

    def _save(self):
        stored = {}
        for prefix, variables in self._variables().items():
            stored |= checkpoints.values(prefix, variables)
        self.rotation.save(self.position.step, stored, self.position.stored())

    def _resume(self):
        found = self.rotation.load()
        if found is None:
            self.run.forget_after(0)
            return False
        stored, meta = found
        for prefix, variables in self._variables().items():
            checkpoints.assign(prefix, variables, stored)
        self.position = Position(**meta)
        self.run.forget_after(self.position.step)
        return True
