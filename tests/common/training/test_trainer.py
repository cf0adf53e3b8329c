"""The training loop on a tiny language model: exact resume, safe stops, the same on all devices.

`train` is a complete command in miniature; tests compare every stored array bit by bit.
"""

import gc
import math
import os
import signal
import subprocess
import sys
import time
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.batches import Batch, Batches
from common.config import BatchingConfig
from common.errors import UserError
from common.runs import Run, checkpoints
from common.system.signals import SIGNALS
from common.training import Losses, reporting
from tests.miniature import (
    BASE,
    BATCH,
    PLAIN,
    STEPS,
    VOCAB,
    Config,
    Model,
    arrays_of,
    assert_close_weights,
    assert_same,
    make,
    python,
    sentences,
    train,
    weights_of,
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "LOG_EVERY", 1)
        trainer = train(path)
    return arrays_of(trainer), trainer


# --- one whole training ----------------------------------------------------------------------


def test_training_learns_and_tells(undisturbed):
    _, trainer = undisturbed
    run, position = trainer.run, trainer.position
    assert (position.step, position.epoch) == (3 * STEPS, 3)
    assert position.finished == "all planned updates are done"
    train_rows = [row for row in run.rows() if row["kind"] == "train"]
    validations = [row for row in run.rows() if row["kind"] == "validation"]
    assert [row["step"] for row in train_rows] == list(range(1, 3 * STEPS + 1))
    assert [row["step"] for row in validations] == [STEPS, 2 * STEPS, 3 * STEPS]
    assert train_rows[-1]["loss"] < 0.8 * train_rows[0]["loss"]
    assert validations[-1]["loss"] < 0.8 * np.log(VOCAB)
    assert position.scores.best == pytest.approx(-validations[-1]["loss"], abs=1e-4)
    assert all(row["loss"] >= row["nll"] * 0.9 > 0 for row in train_rows)
    assert all(0 <= row["gradient_norm"] < 100 for row in train_rows)
    samples = sorted(path.name for path in (run.path / "samples").iterdir())
    assert samples == [f"step-{n:08d}.txt" for n in (STEPS, 2 * STEPS, 3 * STEPS)]
    assert (run.path / "samples" / samples[0]).read_text() == "a\nb\n"
    assert any((run.path / "tensorboard").iterdir())


def test_fewer_updates_than_the_epochs_have(tmp_path, monkeypatch):
    """The schedule ends with max_steps, in mid-epoch; no more than all epochs are trained."""
    monkeypatch.setattr(reporting, "LOG_EVERY", 1)
    config = replace(PLAIN, epochs=3, steps=STEPS + 2, schedule="cosine")
    for stop in (3, None):
        trainer = train(tmp_path / "few", config, max_steps=stop)
    position = trainer.position
    assert (position.step, position.finished) == (STEPS + 2, "all planned updates are done")
    rows = [row for row in trainer.run.rows() if row["kind"] == "train"]
    assert rows[-1]["learning_rate"] < 0.2 * rows[STEPS // 2]["learning_rate"]
    assert [row["step"] for row in trainer.run.rows() if row["kind"] == "validation"][-2:] == [
        STEPS,
        STEPS + 2,
    ]
    assert make(tmp_path / "all", replace(config, steps=99 * STEPS)).total_steps == 3 * STEPS


def test_the_best_weights_are_the_averaged_ones(undisturbed):
    arrays, trainer = undisturbed
    stored, meta = checkpoints.load(trainer.run.checkpoints / "best.npz")
    assert meta["step"] == 3 * STEPS and meta["scores"]["score"] == trainer.position.scores.best
    model = Model()
    checkpoints.assign("model", model.variables, stored)
    averages = [value for name, value in arrays.items() if name.startswith("average")]
    assert_close_weights([v.numpy() for v in model.trainable_variables], averages, 0)
    assert np.abs(model.dense.kernel - trainer.model.dense.kernel).max() > 1e-3
    _, tokens, nll = model.losses_of(trainer.batches.arrays(Batch(0, range(20))), training=False)
    assert float(nll / tokens) == pytest.approx(-trainer.position.scores.best, rel=1e-5)


def test_a_finished_training_does_nothing_more(undisturbed, capsys):
    arrays, trainer = undisturbed
    rows = trainer.run.rows()
    again = train(trainer.run.path, seed=2)
    assert again.run.rows() == rows and again.position.step == 3 * STEPS
    assert_same(again, arrays)


# --- stopping and resuming -------------------------------------------------------------------


@pytest.mark.parametrize("stops", [[STEPS], [3, STEPS + 4]], ids=str)
def test_a_stopped_training_resumes_bit_for_bit(tmp_path, undisturbed, stops, monkeypatch):
    monkeypatch.setattr(reporting, "LOG_EVERY", 1)
    for seed, stop in enumerate(stops, 1):
        assert train(tmp_path, max_steps=stop, seed=seed).position.step == stop
    (tmp_path / "checkpoints" / ".last-00000099.npz.7.tmp").write_bytes(b"PK half a checkpoint")
    trainer = train(tmp_path, seed=9)
    assert_same(trainer, undisturbed[0])
    steps = [row["step"] for row in trainer.run.rows() if row["kind"] == "train"]
    assert steps == list(range(1, 3 * STEPS + 1))


@pytest.mark.parametrize("later", [0.79, 0.82, 0.9])
def test_best_of_a_stop_in_mid_epoch(tmp_path, later):
    def best(folder):
        stored, meta = checkpoints.load(tmp_path / folder / "checkpoints" / "best.npz")
        return meta["step"], meta["scores"]["score"], stored

    def scored(folder, scores, max_steps=None):
        options = {"metric": iter(scores).__next__, "recurrent": False}
        return train(tmp_path / folder, replace(PLAIN, epochs=3), max_steps=max_steps, **options)

    whole = scored("whole", [0.8, later, 0.7])
    scored("stopped", [0.8, 0.85], STEPS + 2)
    assert best("stopped")[:2] == (STEPS + 2, 0.85)
    scored("stopped", [0.83], STEPS + 3)
    assert best("stopped")[:2] == (STEPS + 2, 0.85)
    stopped = scored("stopped", [later, 0.7])
    (*ours, weights), (*theirs, wanted) = best("stopped"), best("whole")
    assert ours == theirs and weights.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(weights[name], value, err_msg=name)
    assert stopped.position.scores.best == whole.position.scores.best == max(0.8, later)
    names = [sorted(os.listdir(tmp_path / f / "checkpoints")) for f in ("whole", "stopped")]
    assert names[0] == names[1]


def test_max_steps_leaves_no_trace_in_the_course(tmp_path):
    """The validation of a stop in mid-epoch affects neither patience nor the plateau."""
    config = replace(PLAIN, epochs=4, schedule="plateau", plateau_patience=0, patience=3, ema=0.0)

    def scored(folder, scores, max_steps=None):
        options = {"metric": iter(scores).__next__, "recurrent": False}
        return train(tmp_path / folder, config, max_steps, **options)

    whole = scored("whole", [4, 3, 2, 1])
    scored("stopped", [4, 3], STEPS + 2)
    stopped = scored("stopped", [3, 2, 1])
    assert stopped.position.finished == whole.position.finished
    assert stopped.position.step == whole.position.step
    assert_same(stopped, arrays_of(whole))


def child(path):
    """Runs in the process to be killed: slow enough to be hit in the middle."""
    reporting.LOG_EVERY = 1
    trainer = make(path, replace(BASE, checkpoint_minutes=0.0))
    step = trainer.update.step

    def slow_step(*arguments):
        time.sleep(0.25 if trainer.position.step > STEPS else 0)
        return step(*arguments)

    trainer.update.step = slow_step
    trainer.fit()


def test_kill_9_loses_nothing(tmp_path, undisturbed, monkeypatch):
    monkeypatch.setattr(reporting, "LOG_EVERY", 1)
    program = f"from tests.common.training.test_trainer import child; child({str(tmp_path)!r})"
    process = python(program, stdout=subprocess.DEVNULL)
    enough = tmp_path / "checkpoints" / f"last-{STEPS + 2:08d}.npz"
    limit = time.monotonic() + 120
    while not enough.exists() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    time.sleep(float(np.random.default_rng().uniform(0, 0.2)))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    found = checkpoints.Rotation(tmp_path / "checkpoints").paths()[0]
    # Also, the newest checkpoint is cut off: the one before it must be used.
    found.write_bytes(found.read_bytes()[:-100])
    trainer = train(tmp_path, replace(BASE, checkpoint_minutes=0.0), seed=9)
    assert_same(trainer, undisturbed[0])
    assert found.with_suffix(".damaged").exists()
    steps = [row["step"] for row in trainer.run.rows() if row["kind"] == "train"]
    assert steps == list(range(1, 3 * STEPS + 1))


class Signalling(Batches):
    """Batches that send this process a signal when a certain batch of an epoch is requested."""

    number, epoch, place = signal.SIGTERM, 1, 2

    def arrays(self, batch):
        if batch.epoch == self.epoch and batch is self.order(batch.epoch)[self.place]:
            os.kill(os.getpid(), self.number)
        return super().arrays(batch)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_saves_and_stops(tmp_path, undisturbed, number):
    handlers = [signal.getsignal(n) for n in SIGNALS]
    batches = Signalling([sentences()], BatchingConfig(batch_size=BATCH, bucket_batches=2))
    batches.number = number
    trainer = make(tmp_path, batches=batches)
    with pytest.raises(UserError, match=f"stopped by {number.name} at step .* all is saved"):
        trainer.fit()
    assert [signal.getsignal(n) for n in SIGNALS] == handlers
    step = trainer.position.step
    assert STEPS <= step <= STEPS + 3
    assert (tmp_path / "checkpoints" / f"last-{step:08d}.npz").exists()
    assert_same(train(tmp_path, seed=9), undisturbed[0])


def test_an_update_without_its_validation_is_validated_later(tmp_path):
    """The process ended after the last update: the next start only validates."""
    first = make(tmp_path, PLAIN, recurrent=False)
    first.end_epoch = lambda _: sys.exit("killed")
    first.config = replace(PLAIN, checkpoint_minutes=0.0)
    with pytest.raises(SystemExit):
        first.fit()
    assert not (tmp_path / "checkpoints" / "best.npz").exists()
    second = train(tmp_path, PLAIN, seed=2, recurrent=False)
    assert second.position.scores.best is not None and second.position.finished
    assert (tmp_path / "checkpoints" / "best.npz").exists()
    assert_close_weights(weights_of(second), weights_of(first), 0)


def test_rows_without_a_checkpoint_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(reporting, "LOG_EVERY", 1)
    run = Run.start(tmp_path, "tiny", Config(PLAIN))
    for step in (1, 2, 3):
        run.log("train", step, loss=1.0)
    trainer = train(tmp_path, PLAIN, recurrent=False)
    steps = [row["step"] for row in trainer.run.rows() if row["kind"] == "train"]
    assert steps == list(range(1, STEPS + 1))


def test_another_models_checkpoint_is_refused(tmp_path):
    train(tmp_path, PLAIN, recurrent=False)
    with pytest.raises(UserError, match="model arrays"):
        train(tmp_path, PLAIN)


# --- reasons to stop a training -------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 7])
def test_a_loss_that_is_not_finite_stops(tmp_path, at):
    config = replace(BASE, epochs=2, ema=0.0)

    def loss(model, arrays, share):
        total, tokens, nll = model.losses_of(arrays)
        return Losses(tf.where(share >= at / (2 * STEPS), np.nan, 1.0) * total, tokens, nll)

    trainer = make(tmp_path, config, loss=loss, recurrent=False)
    with pytest.raises(UserError) as error:
        trainer.fit()
    message = str(error.value)
    assert f"the loss of step {at + 1} is not finite" in message and "learning_rate" in message
    if not at:
        assert "there is no checkpoint yet" in message
        return
    kept = tmp_path / "checkpoints" / f"last-{STEPS:08d}.npz"
    assert str(kept) in message
    arrays, meta = checkpoints.load(kept)
    assert meta["step"] == STEPS
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_a_gradient_that_is_not_finite_stops(tmp_path):
    """The loss of the last step is finite, the weights after it are not, and none is stored."""

    def loss(model, arrays, share):
        steep = tf.where(share > (2 * STEPS - 1.5) / (2 * STEPS), np.inf, 1.0)  # in the last step
        total, tokens, nll = model.losses_of(arrays)
        total = tf.custom_gradient(lambda x: (x, lambda dy: dy * steep))(total)
        return Losses(total, tokens, nll)

    trainer = make(tmp_path, replace(BASE, epochs=2, ema=0.0), loss=loss, recurrent=False)
    with pytest.raises(UserError, match=f"the gradient of step {2 * STEPS} is not finite"):
        trainer.fit()
    for path in (tmp_path / "checkpoints").glob("*.npz"):
        arrays, _ = checkpoints.load(path)
        assert all(np.isfinite(array).all() for array in arrays.values())


def test_of_equal_scores_the_lower_loss_wins(tmp_path):
    scores = iter([math.nan, 2.0, 2.0, 1.0])
    config = replace(PLAIN, epochs=4, patience=3)
    trainer = train(tmp_path, config, metric=lambda: next(scores), recurrent=False)
    rows = [row for row in trainer.run.rows() if row["kind"] == "validation"]
    assert rows[2]["loss"] < rows[1]["loss"]
    assert checkpoints.load(tmp_path / "checkpoints" / "best.npz")[1]["step"] == 3 * STEPS
    assert trainer.position.scores.best == 2.0 and trainer.position.scores.bad_validations == 1


def test_fewer_updates_than_the_warm_up_are_told(tmp_path, capsys):
    train(tmp_path, replace(PLAIN, warmup_steps=10 * STEPS), recurrent=False)
    assert f"note: only {PLAIN.epochs * STEPS} updates are planned" in capsys.readouterr().err


def test_the_order_of_a_past_epoch_is_forgotten(tmp_path):
    """TensorFlow keeps forever everything that a tf.data generator refers to."""

    class Order(list):
        pass

    class Watched(Batches):
        seen = []

        def order(self, epoch):
            order = Order(super().order(epoch))
            self.seen.append(weakref.ref(order))
            return order

    batches = Watched([sentences()], BatchingConfig(batch_size=BATCH, bucket_batches=2))
    make(tmp_path, replace(PLAIN, epochs=4), batches=batches, recurrent=False).fit()
    gc.collect()
    assert len(Watched.seen) >= 4
    assert sum(order() is not None for order in Watched.seen) <= 1


def test_patience_stops_early(tmp_path, capsys):
    config = replace(PLAIN, epochs=9, patience=2)
    # The fourth has an equal score with a lower loss, which is better.
    scores = iter([1.0, 3.0, 2.0, 3.0, 2.0, 2.0, 9.0])
    trainer = train(tmp_path, config, metric=lambda: next(scores), recurrent=False)
    assert trainer.position.finished == "no better score in 2 validations"
    assert (trainer.position.epoch, trainer.position.scores.best) == (6, 3.0)
    assert checkpoints.load(tmp_path / "checkpoints" / "best.npz")[1]["step"] == 4 * STEPS
    again = train(tmp_path, config, metric=lambda: 9.0, recurrent=False)
    assert again.position.step == 6 * STEPS


def test_plateau_lowers_the_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(reporting, "LOG_EVERY", 1)
    config = replace(
        PLAIN, epochs=4, warmup_steps=0, schedule="plateau", plateau_patience=1, plateau_factor=0.25
    )
    trainer = train(tmp_path, config, metric=iter([4, 3, 2, 1]).__next__, recurrent=False)
    rates = [row["learning_rate"] for row in trainer.run.rows() if row["kind"] == "train"]
    assert rates[: 3 * STEPS] == [0.05] * (3 * STEPS)  # after two validations without progress
    assert rates[3 * STEPS :] == [0.0125] * STEPS


def test_nt_asgd_averages_once_validation_is_stuck(tmp_path):
    config = replace(PLAIN, epochs=5, ema=0.0, nonmonotone=2)
    trainer = train(tmp_path, config, metric=iter([5, 4, 3, 2, 1]).__next__, recurrent=False)
    # The first validation is the best, the third starts the average, which has two epochs.
    assert int(trainer.update.average.count) == 2 * STEPS
    again = make(tmp_path, config, metric=lambda: 1.0, recurrent=False)
    again.fit()
    for one, other in zip(
        trainer.update.average.averages, again.update.average.averages, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_too_few_batches_for_one_update(tmp_path):
    with pytest.raises(UserError, match="training.accumulate"):
        make(tmp_path, replace(PLAIN, accumulate=STEPS + 1), recurrent=False)


# --- the same result by another way ----------------------------------------------------------


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_is_nearly_the_same(tmp_path, undisturbed, precision, monkeypatch):
    monkeypatch.setattr(reporting, "LOG_EVERY", 1)
    keras.config.set_dtype_policy(precision)
    try:
        config = replace(BASE, precision=precision)
        for stop in (STEPS + 1, None):  # the loss scale is stored too
            trainer = train(tmp_path, config, max_steps=stop)
    finally:
        keras.config.set_dtype_policy("float32")
    assert trainer.model.dense.compute_dtype == precision.removeprefix("mixed_")
    assert all(weights.dtype == np.float32 for weights in weights_of(trainer))
    assert trainer.position.scores.best == pytest.approx(
        undisturbed[1].position.scores.best, rel=0.1
    )
    # float16 skips updates that overflow until the loss scale is small enough; the norms of the
    # others are unscaled.
    norms, expected = (
        [row["gradient_norm"] for row in t.run.rows() if row["kind"] == "train"]
        for t in (trainer, undisturbed[1])
    )
    assert None not in norms[STEPS:] and None not in expected
    pairs = [(a, b) for a, b in zip(norms, expected, strict=True) if a is not None]
    assert all(0.5 < a / b < 2 for a, b in pairs)
    distance = max(
        np.abs(average - weights).max()
        for average, weights in zip(
            trainer.update.average.averages, weights_of(trainer), strict=True
        )
    )
    assert 1e-3 < distance < 0.5  # the average follows in both cases


def test_a_finished_run_takes_more_epochs(tmp_path):
    """Its plan is what the present start says, not what an earlier one has stored."""
    short = train(tmp_path, replace(PLAIN, epochs=1)).position
    assert short.finished == "all planned updates are done"
    longer = train(tmp_path, replace(PLAIN, epochs=2)).position
    assert longer.step == 2 * short.step and longer.epoch == 2


def test_more_patience_takes_up_a_stopped_run(tmp_path):
    def never_better(trainer):
        trainer.validate = lambda: ({"loss": 1.0, "score": 5.0}, [])
        return trainer.fit()

    plan = replace(PLAIN, epochs=5, patience=1)
    stopped = never_better(make(tmp_path, plan))
    assert "no better" in stopped.finished and stopped.epoch == 2
    patient = never_better(make(tmp_path, replace(plan, patience=3)))
    assert patient.epoch == 4
