"""Contiguous streams: nothing lost, nothing twice, continued rows, varied lengths."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.batches import Streams
from common.batches.streams import Segment
from common.config import TrainingConfig
from common.errors import UserError
from common.runs import Run
from common.text import EOS, PAD
from common.training import Losses, Trainer


def read(streams, epoch=0):
    """For each device the inputs and labels of its rows, batches joined."""
    devices = {}
    for batch in streams.order(epoch):
        devices.setdefault(batch.device, []).append(streams.arrays(batch))
    joined = [
        [np.concatenate(sides, 1) for sides in zip(*parts, strict=True)]
        for _, parts in sorted(devices.items())
    ]
    return [np.concatenate(side) for side in zip(*joined, strict=True)]


def columns(streams, epoch):
    return [batch.columns for batch in streams.order(epoch)]


@pytest.mark.parametrize("vary", [False, True])
@pytest.mark.parametrize("count, replicas", [(100, 1), (101, 1), (107, 2), (96, 3)])
def test_every_token_is_predicted_once_from_the_last(count, replicas, vary):
    tokens = np.arange(10, 10 + count)
    streams = Streams(tokens, 4, 6, vary, seed=3, replicas=replicas)
    inputs, labels = read(streams)
    flat = labels.reshape(-1)
    np.testing.assert_array_equal(flat[flat != PAD], tokens)
    assert (np.diff(np.flatnonzero(flat == PAD)) == 1).all()  # only at the very end
    before = np.concatenate([[EOS], flat[:-1]])
    np.testing.assert_array_equal(inputs.reshape(-1), before)
    assert all(batch.columns <= 40 for batch in streams.order(0))


def test_lengths_depend_on_seed_and_epoch_alone():
    made = [Streams(np.arange(5000), 2, 40, True, seed) for seed in (1, 1, 2)]
    assert made[0].order(3) == made[1].order(3)
    sizes = columns(made[0], 3)
    assert sizes != columns(made[0], 4) != columns(made[2], 4)
    assert {batch.epoch for batch in made[0].order(3)} == {3}
    assert len(set(sizes)) > 5 and 30 < np.mean(sizes) < 45
    fixed = Streams(np.arange(5000), 2, 40)
    assert set(columns(fixed, 0)[:-1]) == {40} == {fixed.length}


def test_a_shorter_batch_takes_a_smaller_step():
    varied, fixed = Streams(np.arange(99), 1, 40, True), Streams(np.arange(99), 1, 40)
    assert varied.rate_scale(Segment(0, 0, 20, 0)) == 0.5
    assert fixed.rate_scale(Segment(0, 0, 20, 0)) == 1.0


def test_a_short_text_has_fewer_rows():
    assert Streams(np.arange(1, 100), 32, 40).batch_size == 2
    inputs, labels = read(Streams(np.array([7]), 32, 40))
    assert inputs.tolist() == [[EOS]] and labels.tolist() == [[7]]
    for tokens, size, length in (([], 4, 5), ([5, 6], 0, 5), ([5, 6], 4, 0)):
        with pytest.raises(UserError):
            Streams(np.array(tokens), size, length)


def test_the_trainer_scales_its_rate_by_the_batch(tmp_path):
    """SGD on a constant gradient moves by the rate times the sum of the batches' lengths."""
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros([1, 1])])
    config = TrainingConfig(
        epochs=2, optimizer="sgd", learning_rate=0.1, schedule="constant", warmup_steps=0
    )
    streams = Streams(np.arange(1, 200), 1, 20, vary=True)

    def loss(arrays, progress):
        total = tf.reduce_sum(model.trainable_variables[0].value)
        return Losses(total, tf.constant(1.0), total)

    trainer = Trainer(
        Run.start(tmp_path / "run", "test", config),
        config,
        tf.distribute.get_strategy(),
        model,
        streams,
        loss,
        lambda: ({"loss": 1.0}, []),
        "loss",
    )
    trainer.fit(max_steps=3)  # a resumed epoch scales the remaining batches
    trainer.fit()
    steps = sum(size / 20 for epoch in range(2) for size in columns(streams, epoch))
    np.testing.assert_allclose(model.get_weights()[0], [[-0.1 * steps]], rtol=1e-5)
