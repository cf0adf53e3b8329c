"""The training loop of all apps: resumes exactly, stops safely, runs on one device or many."""

import itertools
import math
import sys
import time

import tensorflow as tf

from ..errors import UserError
from ..files import atomic
from ..runs import checkpoints
from ..system.signals import Stop
from ..system.workers import Team
from .best_score import BestScore
from .optimizers import learning_rate
from .position import Position
from .reporting import Progress
from .update import Update

ALL_DONE = "all planned updates are done"
EXPLODED = 10  # training stops when the loss exceeds the first loss by this factor


class Trainer:
    """Trains a model of any app.

    With several workers (`common.workers`) each computes its share of the batches, and all make the
    same updates and validations; only the chief writes into the run folder.

    Args:
        run: the `Run`.
        config: its TrainingConfig.
        strategy: the distribution strategy in whose scope the model was created.
        model: a built keras.Model.
        batches: a `common.batches.BatchSource`.
        loss: (arrays, progress) -> `Losses`; progress is the share of the planned updates that are
            done, a scalar.
        validate: () -> (scores, samples): a dict with "loss" and `metric`, and lines of text.
        metric: name of the score that decides which weights are best.
        lower_is_better: whether lower values of this score are better.
        state: for truncated back-propagation through time, the nest of tensors that is carried from
            batch to batch, with its values at the start of an epoch. The loss is then
            (arrays, progress, state) -> `StreamLosses`, and gradients do not cross batches.

    Raises:
        UserError: an epoch has too few batches for one update, or a setting does not fit.
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
        self.batches, self.validate, self.metric = batches, validate, metric
        self.lower_is_better = lower_is_better
        self.update = Update(strategy, config, model, loss, state)
        self.team = Team(strategy)
        self.rotation = checkpoints.Rotation(run.checkpoints, owned=run.chief)
        self.position = Position(scores=BestScore(lower_is_better))
        self.replicas = strategy.num_replicas_in_sync
        self.beginning = [], 0
        self.dataset = self._dataset()
        self.total_steps = sum(self._epoch_steps(epoch) for epoch in range(config.epochs))
        self.total_steps = min(config.steps or self.total_steps, self.total_steps)
        if not self.total_steps:
            raise UserError(
                f"one update takes {self.replicas * config.accumulate} batches, but an epoch has "
                f"{len(batches.order(0))}: lower training.accumulate or batching.batch_size"
            )

    def fit(self, max_steps=None):
        """Resumes from the newest checkpoint, if any, and trains to the end of the plan.

        Args:
            max_steps: stop after this many updates in total; None: no such limit.

        Returns:
            The `Position`.

        Raises:
            UserError: stopped by a signal (all is saved), a loss that is not finite or explodes, or
                a checkpoint that does not fit.
        """
        if max_steps is not None and max_steps < 1:
            raise UserError(f"--max-steps is {max_steps}: it must be at least 1")
        if self._resume():
            print(f"resuming at step {self.position.step} (epoch {self.position.epoch + 1})")
        position = self.position
        limit = min(max_steps or self.total_steps, self.total_steps)
        if position.step == 0 and self.total_steps < self.config.warmup_steps:
            print(
                f"note: only {self.total_steps} updates are planned, the first quarter of them as "
                "warm-up: raise training.epochs for more",
                file=sys.stderr,
            )
        telling = Progress(self.run, self.total_steps, position)
        with self.team.together(), Stop() as stop, telling as progress:
            # A resumed run may have made all updates, but not yet the validation.
            while not position.finished and (
                position.step < limit or position.validated < position.step
            ):
                if self.train_epoch(limit, stop, progress):
                    self._save()
                    why = stop.wanted or "another worker"
                    raise UserError(
                        f"stopped by {why} at step {position.step}; all is saved, the same "
                        "command resumes from there"
                    )
                self.end_epoch(progress)
            if position.step >= self.total_steps:
                position.finished = position.finished or ALL_DONE
            self._save()
        return position

    # Epochs -------------------------------------------------------------------------------------

    def _epoch_steps(self, epoch):
        return len(self.batches.order(epoch)) // (self.replicas * self.config.accumulate)

    def _dataset(self):
        """A dataset that reads `beginning`, (order, updates to skip), whenever it is iterated.

        There is one dataset for all epochs, since TensorFlow never frees the references of a
        generator. Every replica draws its own batches; each worker makes only its share.
        """
        spec = self.batches.signature

        def make(context):
            workers = context.num_input_pipelines
            local = self.replicas // workers  # devices of this worker, one batch each per step

            def generate():
                order, skip = self.beginning
                groups = [order[i : i + local] for i in range(0, len(order), local)]
                mine = groups[context.input_pipeline_id :: workers]
                mine = mine[skip * self.config.accumulate :]
                for batch in itertools.chain.from_iterable(mine):
                    yield self.batches.arrays(batch)

            return tf.data.Dataset.from_generator(generate, output_signature=spec).prefetch(4)

        return self.strategy.distribute_datasets_from_function(make)

    def train_epoch(self, limit, stop, progress):
        """Makes updates until the end of the epoch, step `limit`, or a requested stop.

        Returns:
            Whether a stop was requested.
        """
        position, config = self.position, self.config
        if position.batch == 0:
            self.update.start_state()
        order = self.batches.order(position.epoch)
        self.beginning = order, position.batch
        iterator = iter(self.dataset)
        end, saved = self._epoch_steps(position.epoch), time.monotonic()
        while True:
            late = time.monotonic() - saved > 60 * config.checkpoint_minutes
            stopping, saving = self.team.any(bool(stop.wanted), late)
            if stopping or position.batch >= end or position.step >= limit:
                return stopping
            if saving:
                self._save()
                saved = time.monotonic()
            rate = learning_rate(config, position.step, self.total_steps, position.plateau_scale)
            size = self.replicas * config.accumulate
            batches = order[position.batch * size : (position.batch + 1) * size]
            rate *= sum(map(self.batches.rate_scale, batches)) / size
            sums = self.update(iterator, rate, position.step / self.total_steps)
            self._check(float(sums.total / sums.tokens), float(sums.norm))
            position.step += 1
            position.batch += 1
            progress.update(sums, rate)

    def _check(self, loss, norm):
        """Raises UserError if the loss or gradient diverged, before anything of it is saved."""
        position = self.position
        if position.first_loss is None:
            position.first_loss = loss
        # In half precision the optimizer skips updates whose gradient is not finite.
        half = self.config.precision == "mixed_float16"
        what = None
        if not math.isfinite(loss):
            what = "loss", "not finite"
        elif loss > EXPLODED * max(abs(position.first_loss), 1.0):  # the first loss may be small
            what = "loss", f"{loss:.3g}, it has exploded"
        elif not (math.isfinite(norm) or half):
            what = "gradient", "not finite"
        if what is None:
            return
        kept = self.rotation.paths()
        at = f"the last good checkpoint is {kept[0]}" if kept else "there is no checkpoint yet"
        raise UserError(
            f"the {what[0]} of step {position.step + 1} is {what[1]}; {at}. Lower "
            "training.learning_rate (or set training.clip_norm) and train into another folder"
        )

    def end_epoch(self, progress):
        """Validates, saves the best weights and a checkpoint; also after a stop in mid-epoch."""
        position = self.position
        ended = position.batch >= self._epoch_steps(position.epoch)
        planned = ended or position.step >= self.total_steps  # else a stop by max_steps
        with self.update.average.in_place():
            scores, samples = self.validate()
            score, loss = scores[self.metric], scores.get("loss", 0.0)
            decision = position.scores.observe(score, loss, planned)
            if self.team.chief:
                self._keep_best(decision, planned, {"step": position.step, "scores": scores})
        position.validated = position.step
        progress.validated(scores, samples, decision.keep)
        if ended:
            position.epoch, position.batch = position.epoch + 1, 0
        if planned and not decision.better:
            self._stood_still()
        self._save()

    def _stood_still(self):
        """Applies nonmonotone averaging, patience and the plateau schedule after a planned
        validation without improvement."""
        position, config = self.position, self.config
        bad = position.scores.bad_validations
        if config.nonmonotone and bad >= config.nonmonotone:
            self.update.average.start()
        if config.patience and bad >= config.patience:
            position.finished = self._out_of_patience()
        if config.schedule == "plateau" and bad % (config.plateau_patience + 1) == 0:
            position.plateau_scale *= config.plateau_factor

    def _keep_best(self, decision, planned, meta):
        """Writes best.npz and, while a stop in mid-epoch has the best weights, best-planned.npz,
        the best planned validation."""
        best = self.run.checkpoints / "best.npz"
        of_plan = self.run.checkpoints / "best-planned.npz"
        if decision.set_aside and not of_plan.exists():
            with atomic(of_plan, "wb") as file:
                file.write(best.read_bytes())
        if decision.keep:
            weights = checkpoints.values("model", self.model.variables)
            checkpoints.save(best, weights, meta)
        if planned and of_plan.exists():
            if decision.keep:
                of_plan.unlink()
            else:
                of_plan.replace(best)

    # Checkpoints --------------------------------------------------------------------------------

    def _variables(self):
        return {
            "model": self.model.variables,  # including the dropout seeds
            "optimizer": self.update.optimizer.variables,
            "average": self.update.average.averages,
        }

    def _save(self):
        states = self.update.states()  # gathered by all workers, written by the chief
        if not self.team.chief:
            return
        stored = {f"state/{n:03d}": value for n, value in enumerate(states)}
        for prefix, variables in self._variables().items():
            stored |= checkpoints.values(prefix, variables)
        self.rotation.save(self.position.step, stored, self.position.stored())

    def _see_whether_finished(self):
        """Decides by the present plan, which may be longer than that of the start before."""
        position, config = self.position, self.config
        position.finished = ""
        if config.patience and position.scores.bad_validations >= config.patience:
            position.finished = self._out_of_patience()
        elif position.step >= self.total_steps and position.validated >= position.step:
            position.finished = ALL_DONE

    def _out_of_patience(self):
        return f"no better {self.metric} in {self.config.patience} validations"

    def _resume(self):
        if found := self.rotation.load():
            stored, meta = found
            for prefix, variables in self._variables().items():
                checkpoints.assign(prefix, variables, stored)
            names = sorted(name for name in stored if name.startswith("state/"))
            self.update.set_states([stored[name] for name in names])
            try:
                self.position = Position.read(meta, self.lower_is_better)
            except TypeError:
                raise UserError(
                    f"the checkpoints of {self.run.path} were written by another version: train "
                    "into another folder"
                ) from None
            self._see_whether_finished()
        self.team.check_same(self.position.step)
        self.run.forget_after(self.position.step)
        return found is not None
