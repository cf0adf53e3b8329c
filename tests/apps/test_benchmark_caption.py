"""The plain Keras network of the benchmark equals the captioning network."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.caption.config import Config, EncoderConfig, ModelConfig
from apps.caption.model import Captioner
from common.text import EOS
from tests.benchmarks._training import smoothed_loss
from tests.benchmarks.plain_keras_caption import PlainCaptioner, compiled
from tests.benchmarks.plain_keras_translate import dataset

SMALL = ModelConfig(
    units=6, embedding_dim=4, picture_dropout=0, embedding_dropout=0, dropout=0, output_dropout=0
)
VOCAB = 11


class Fixed:
    """A batch of frozen cells, as `CaptionBatches` makes it."""

    signature = (tf.TensorSpec([None, 16, 8], tf.float16), tf.TensorSpec([None, None], tf.int32))

    def arrays(self, _):
        random = np.random.default_rng(1)
        caption = np.array([[5, 6, EOS, 0], [7, 8, 9, EOS]], np.int32)
        return random.normal(size=[2, 16, 8]).astype(np.float16), caption


@pytest.mark.parametrize("upper_layers", [0, 1])
def test_the_plain_network_has_the_same_loss(upper_layers):
    keras.utils.set_random_seed(1)
    encoder = EncoderConfig(size=32, widths=(8, 8, 8, 8), train=True)
    config = Config(encoder=encoder, model=replace(SMALL, upper_layers=upper_layers))
    model = Captioner(config, VOCAB)
    model.cells = lambda inputs, training: inputs  # inputs are cells, as from a frozen encoder
    of_encoder = set(map(id, model.picture_encoder.trainable_variables))
    ours = [v for v in model.trainable_variables if id(v) not in of_encoder]
    for variable in ours:  # zero biases would hide a missing copy
        variable.assign(keras.random.normal(variable.shape, stddev=0.5))
    plain, arrays = compiled(config, model), Fixed().arrays(0)
    found = plain.evaluate(dataset(Fixed(), [0]), verbose=0)
    np.testing.assert_allclose(
        found, smoothed_loss(model, config.model.label_smoothing, arrays), rtol=1e-5
    )
    assert sum(v.shape.num_elements() for v in ours) == plain.count_params()


def test_missing_options_are_refused():
    with pytest.raises(ValueError, match="no plain Keras version of model.cell gru"):
        PlainCaptioner(replace(SMALL, cell="gru"), VOCAB, 16)
