"""An update: the gradient of the mean loss for any split of the batch, and its carried state."""

import json
import subprocess
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.batches import Batch, Batches
from common.config import BatchingConfig, TrainingConfig
from common.runs import Run, checkpoints
from common.training import StreamLosses, Trainer, Update
from tests.miniature import (
    PLAIN,
    arrays_of,
    assert_close_weights,
    in_order,
    make,
    python,
    train,
    weights_of,
)


def test_a_carried_state_in_bfloat16_is_stored(tmp_path):
    update = make(tmp_path).update
    state = tf.constant([[0.5, -3.0]], tf.bfloat16)
    carrying = Update(update.strategy, update.config, update.model, update.loss, [state])
    (stored,) = carrying.states()
    assert stored.dtype == np.float32 and stored.shape == (1, 1, 2)
    carrying.set_states([stored * 2])
    np.testing.assert_array_equal(carrying.states()[0], [[[1.0, -6.0]]])
    assert carrying.state[0].dtype == tf.bfloat16


@pytest.mark.parametrize("clip_norm", [0.0, 0.01])
def test_an_update_follows_the_mean_loss(tmp_path, clip_norm):
    config = replace(
        PLAIN, optimizer="sgd", schedule="constant", warmup_steps=0, clip_norm=clip_norm
    )
    trainer = make(tmp_path, config, batches=in_order(16), dropout=0.0)
    variables = [variable.value for variable in trainer.model.trainable_variables]
    with tf.GradientTape() as tape:
        total, tokens, _ = trainer.model.losses_of(trainer.batches.arrays(Batch(0, range(16))))
        loss = total / tokens
    gradients = [tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, variables)]
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    scale = 0.05 * (clip_norm / norm if clip_norm else 1.0)
    assert not clip_norm or norm > clip_norm
    expected = [v.numpy() - scale * g for v, g in zip(variables, gradients, strict=True)]
    trainer.fit(max_steps=1)
    assert_close_weights(weights_of(trainer), expected, 1e-6)


def test_accumulated_batches_are_one_large_batch(tmp_path):
    """Also with padding and different numbers of tokens in the two halves."""
    options = {"dropout": 0.0, "recurrent": False}
    large = train(tmp_path / "large", PLAIN, batches=in_order(16), **options)
    for stop in (1, 3, None):
        config = replace(PLAIN, accumulate=2)
        parts = train(tmp_path / "parts", config, stop, batches=in_order(8), **options)
    assert large.position.step == parts.position.step == 4
    assert_close_weights(weights_of(parts), weights_of(large), 1e-6)


def two_devices(path):
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    config = replace(PLAIN, ema=0.9)
    for stop in (2, None):  # a stop in between stores mirrored variables
        options = {"batches": in_order(8), "dropout": 0.0, "recurrent": False}
        trainer = train(path, config, max_steps=stop, strategy=strategy, **options)
    print(json.dumps({"step": trainer.position.step, "replicas": trainer.replicas}))


def test_two_devices_are_two_accumulated_batches(tmp_path):
    path = tmp_path / "two"
    module = "tests.common.training.test_update"
    program = f"from {module} import two_devices; two_devices({str(path)!r})"
    process = python(program, stdout=subprocess.PIPE)
    config = replace(PLAIN, ema=0.9, accumulate=2)
    one = train(tmp_path / "one", config, batches=in_order(8), dropout=0.0, recurrent=False)
    output, _ = process.communicate(timeout=120)
    assert json.loads(output.splitlines()[-1]) == {"step": 4, "replicas": 2}
    arrays, meta = checkpoints.Rotation(path / "checkpoints").load()
    assert meta["step"] == one.position.step == 4
    expected = arrays_of(one)
    for prefix in ("model", "optimizer", "average"):
        theirs = [value for name, value in arrays.items() if name.startswith(prefix)]
        ours = [value for name, value in expected.items() if name.startswith(prefix)]
        assert len(ours) > 2
        assert_close_weights(theirs, ours, 1e-6)


def test_xla_is_the_same(tmp_path):
    options = {"dropout": 0.0, "recurrent": False, "batches": in_order(16)}
    plain = train(tmp_path / "plain", PLAIN, max_steps=2, **options)
    compiled = train(tmp_path / "jit", replace(PLAIN, jit=True), max_steps=2, **options)
    assert_close_weights(weights_of(compiled), weights_of(plain), 1e-4)


def test_state_is_carried_through_an_epoch(tmp_path):
    """Truncated BPTT: the returned state comes back with the next batch, also after a resume."""
    seen = []

    def make():
        model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])

        def loss(arrays, progress, state):
            tf.py_function(lambda count: seen.append(int(count)), [state["count"]], [])
            tokens = tf.cast(tf.size(arrays[0]), tf.float32)
            total = tf.reduce_sum(model(tf.cast(arrays[0], tf.float32)[:, :1]) ** 2)
            return StreamLosses(total, tokens, total, {"count": state["count"] + 1})

        run = Run.start(tmp_path / "run", "test", TrainingConfig(epochs=2))
        batches = Batches([[[1, 2]] * 8], BatchingConfig(batch_size=2))
        return Trainer(
            run,
            TrainingConfig(epochs=2),
            tf.distribute.get_strategy(),
            model,
            batches,
            loss,
            lambda: ({"loss": 1.0}, []),
            "loss",
            lower_is_better=True,
            state={"count": tf.constant(0)},
        )

    make().fit(max_steps=2)
    assert seen == [0, 1]
    make().fit()
    assert seen == [0, 1, 2, 3, 0, 1, 2, 3]
