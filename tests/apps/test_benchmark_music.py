"""The plain Keras network of the benchmark equals the frame model."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.music.config import PRESETS
from apps.music.model import make_model
from tests.benchmarks.plain_keras_music import compiled, dataset, roll_model

SMALL = replace(PRESETS["jsb"].model, cell="lstm", units=5, layers=2)


class Fixed:
    signature = (tf.TensorSpec([None, None, 88], tf.int32), tf.TensorSpec([None], tf.int32))

    def arrays(self, _):
        lengths = np.array([3, 6], np.int32)
        rolls = (np.random.default_rng(1).random([2, 6, 88]) < 0.1).astype(np.int32)
        return rolls * (np.arange(6) < lengths[:, None])[..., None], lengths


def test_the_plain_network_has_the_same_loss():
    keras.utils.set_random_seed(1)
    model = make_model(SMALL, 1)
    for variable in model.trainable_variables:
        variable.assign(keras.random.normal(variable.shape, stddev=0.3))
    plain = compiled(replace(PRESETS["jsb"], model=SMALL), model)
    rolls, lengths = Fixed().arrays(0)
    nll = model.frame_nll(rolls.astype(np.float32)).numpy()
    expected = (nll * (np.arange(6) < lengths[:, None])).sum() / lengths.sum()
    found = plain.evaluate(dataset(Fixed(), [0]), verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert plain.count_params() == model.count_params()


def test_missing_options_are_refused():
    with pytest.raises(ValueError, match="an LSTM only"):
        roll_model(PRESETS["jsb"].model)
