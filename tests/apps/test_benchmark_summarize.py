"""The plain Keras network of the benchmark equals the summarisation network."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.summarize.config import Config, ModelConfig
from apps.summarize.model import Summarizer
from common.text import EOS, UNK
from tests.benchmarks.plain_keras_summarize import PlainSummarizer, compiled
from tests.benchmarks.plain_keras_translate import dataset

SMALL = ModelConfig(
    units=6, embedding_dim=4, coverage=0.0, embedding_dropout=0, dropout=0, output_dropout=0
)
VOCAB = 11


class Fixed:
    """A batch as `Batches` makes it: words that are generated, copied, both, and neither."""

    signature = (tf.TensorSpec([None, None], tf.int32),) * 2

    def arrays(self, _):
        source = np.array([[5, VOCAB + 1, 7, EOS], [8, EOS, 0, 0]], np.int32)
        target = np.array([[VOCAB + 1, 7, 9, UNK, EOS], [8, 6, EOS, 0, 0]], np.int32)
        return source, target


def test_the_plain_network_has_equal_loss_and_gradient():
    keras.utils.set_random_seed(1)
    model = Summarizer(SMALL, VOCAB)
    for variable in model.trainable_variables:  # zero biases would hide a missing copy
        variable.assign(keras.random.normal(variable.shape, stddev=0.5))
    plain = compiled(Config(model=SMALL), model)
    assert plain.count_params() == model.count_params()
    with tf.GradientTape() as tape:
        total, words, _ = model.token_losses(Fixed().arrays(0))
        loss = total / words
    expected = tape.gradient(loss, [v.value for v in model.trainable_variables])
    inputs, target, weights = next(iter(partial(dataset, told=True)(Fixed(), [0])))
    with tf.GradientTape() as tape:
        plain_loss = plain.loss(target, plain(inputs, training=True), sample_weight=weights)
    found = tape.gradient(plain_loss, [v.value for v in plain.trainable_variables])
    assert float(plain_loss) == pytest.approx(float(loss), rel=1e-5)
    dense = [[tf.convert_to_tensor(g) for g in side] for side in (found, expected)]
    norms = [float(tf.linalg.global_norm(side)) for side in dense]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


def test_missing_options_are_refused():
    with pytest.raises(ValueError, match="no plain Keras version of model.coverage 1.0"):
        PlainSummarizer(replace(SMALL, coverage=1.0), VOCAB)
