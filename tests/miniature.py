"""A miniature training: a language model of neighbouring numbers, and its stored arrays."""

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from common.batches import Batch, Batches
from common.config import BatchingConfig, TrainingConfig
from common.layers import LSTM
from common.runs import Run
from common.training import Losses, Trainer, smoothed_cross_entropy

ROOT = Path(__file__).parents[1]
VOCAB, UNITS, BATCH = 12, 8, 8
STEPS = 5  # updates per epoch

BASE = TrainingConfig(
    epochs=3, learning_rate=0.05, warmup_steps=3, clip_norm=1.0, ema=0.9, checkpoint_minutes=1e9
)
PLAIN = replace(BASE, epochs=1, ema=0.0)


@dataclass(frozen=True)
class Config:
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = 1


def sentences(count=STEPS * BATCH):
    """Rows of consecutive numbers: easy to learn, of different lengths."""
    random = np.random.default_rng(5)
    return [
        [1 + (int(start) + n) % (VOCAB - 1) for n in range(size)]
        for start, size in zip(
            random.integers(0, VOCAB, count), random.integers(3, 7, count), strict=True
        )
    ]


class InOrder(Batches):
    """Batches of neighbours, in their order."""

    def order(self, epoch):
        size = self.config.batch_size
        numbers = np.arange(len(self.longest)).reshape(-1, size)
        return [Batch(epoch, row) for row in numbers]


class Model(keras.Model):
    """Next token from an LSTM; with `recurrent` False without the LSTM, which compiles faster."""

    def __init__(self, dropout=0.3, recurrent=True):
        super().__init__()
        self.embedding = keras.layers.Embedding(VOCAB, UNITS)
        self.rnn = LSTM(UNITS, return_sequences=True) if recurrent else None
        self.dropout = keras.layers.Dropout(dropout)
        self.dense = keras.layers.Dense(VOCAB)
        self.embedding.build()
        if recurrent:
            self.rnn.build((None, None, UNITS))
        self.dense.build((None, None, UNITS))
        self.built = True

    def call(self, tokens, training=False):
        x = self.embedding(tokens)
        if self.rnn:
            x = self.rnn(x, mask=tf.not_equal(tokens, 0))
        return self.dense(self.dropout(x, training=training))

    def losses_of(self, arrays, training=True):
        (tokens,) = arrays
        logits = tf.reshape(self(tokens[:, :-1], training=training), [-1, VOCAB])
        labels = tf.reshape(tokens[:, 1:], [-1])
        losses, nll = smoothed_cross_entropy(logits, labels, 0.1 if training else 0.0)
        scored = tf.cast(labels > 0, tf.float32)
        return Losses(
            tf.reduce_sum(losses * scored),
            tf.reduce_sum(scored),
            tf.reduce_sum(nll * scored),
        )


def make(path, config=BASE, seed=1, batches=None, strategy=None, loss=None, metric=None, **options):
    """The trainer of a new process. `seed` is for the initial weights and dropouts; a resumed
    training must not depend on it."""
    keras.utils.set_random_seed(seed)
    run = Run.start(path, "tiny", Config(config))
    strategy = strategy or tf.distribute.get_strategy()
    batches = batches or Batches([sentences()], BatchingConfig(batch_size=BATCH, bucket_batches=2))
    with strategy.scope():
        model = Model(**options)

    def validate():
        _, tokens, nll = model.losses_of(batches.arrays(Batch(0, range(20))), training=False)
        value = float(nll / tokens)
        return {"loss": value, "score": -value if metric is None else metric()}, ["a", "b"]

    loss = loss or (lambda model, arrays, share: model.losses_of(arrays))
    return Trainer(
        run,
        config,
        strategy,
        model,
        batches,
        lambda arrays, share: loss(model, arrays, share),
        validate,
        "score",
    )


def train(path, config=BASE, max_steps=None, **options):
    trainer = make(path, config, **options)
    trainer.fit(max_steps)
    return trainer


def arrays_of(trainer):
    """Every stored array: weights, dropout seeds, optimizer state, averages."""
    kinds = {
        "model": trainer.model.variables,
        "optimizer": trainer.update.optimizer.variables,
        "average": trainer.update.average.averages,
    }
    return {
        f"{kind}/{number:03d}": variable.numpy()
        for kind, variables in kinds.items()
        for number, variable in enumerate(variables)
    }


def assert_same(trainer, expected, tolerance=0):
    found = arrays_of(trainer)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, 0, tolerance, err_msg=name)


def weights_of(trainer):
    return [variable.numpy() for variable in trainer.model.trainable_variables]


def assert_close_weights(a, b, tolerance):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, 0, tolerance)


def python(program, **options):
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, text=True, **options)


def in_order(size):
    return InOrder([sentences(64)], BatchingConfig(batch_size=size))
