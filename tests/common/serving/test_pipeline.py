"""The tf.Module around a model that an export saves."""

import keras
import numpy as np
import tensorflow as tf

from common.serving import Pipeline, export


class Scorer(Pipeline):
    def __init__(self, model):
        super().__init__(model)
        self.names = tf.constant(["a", "b"])

    def signature(self):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def call(text):
            length = tf.cast(tf.strings.length(text), tf.float32)[:, None]
            scores = self.model(length)
            return {"name": tf.gather(self.names, tf.argmax(scores, -1)), "scores": scores}

        return call


def test_a_pipeline_exports_its_model(tmp_path):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])
    pipeline = Scorer(model)
    assert pipeline.model is model
    assert [v.name for v in pipeline.weights] == [v.value.name for v in model.variables]
    assert all(isinstance(variable, tf.Variable) for variable in pipeline.weights)
    cases = {"serving_default": {"text": ["ab", "", "é"]}}
    folder = export(pipeline, {"serving_default": pipeline.signature()}, cases, tmp_path)
    found = tf.saved_model.load(str(folder)).signatures["serving_default"](tf.constant(["abc"]))
    np.testing.assert_allclose(found["scores"], model(np.float32([[3]])), rtol=1e-5)


def test_loaded_weights_are_those_that_run():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    pipeline = Scorer(model)
    model.set_weights([np.full([1, 1], 2.0), np.zeros([1])])
    assert pipeline.weights[0].numpy().item() == 2.0
