"""The plain Keras network of the benchmark equals the language model, including its state."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from apps.lm.config import Config, ModelConfig, StreamConfig
from apps.lm.model import LanguageModel
from common.batches import Streams
from tests.benchmarks.plain_keras_lm import PlainLanguageModel, compiled, dataset

SMALL = ModelConfig(layers=2, units=6, embedding_dim=4)


def test_the_plain_network_carries_the_same_state():
    keras.utils.set_random_seed(1)
    config = Config(model=SMALL, streams=StreamConfig(batch_size=3, length=5, vary=False))
    model = LanguageModel(SMALL, 11)
    plain = compiled(config, model, rows=3)
    streams = Streams(np.random.default_rng(0).integers(4, 11, 60), 3, 5)
    state, nll, count = model.zero_state(3), 0.0, 0.0
    for batch in streams.order(0):
        _, tokens, part, state = model.token_losses(
            streams.arrays(batch), state=state, training=False
        )
        nll, count = nll + float(part), count + float(tokens)
    found = plain.evaluate(dataset(streams, streams.order(0)), verbose=0)
    np.testing.assert_allclose(found, nll / count, rtol=1e-5)


def test_missing_options_are_refused():
    with pytest.raises(ValueError, match="no plain Keras version"):
        PlainLanguageModel(replace(SMALL, cell="gru"), 11)
