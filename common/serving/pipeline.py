"""The base class of the apps' pipelines, which map raw input to finished output."""

import tensorflow as tf


class Pipeline(tf.Module):
    """A tf.Module around a Keras model that `export` can save.

    Its attributes are saved in an export: the raw variables in `weights`, and the tokenizers of a
    subclass. The Keras model is held by a closure: as an attribute it would hide its variables from
    TensorFlow Serving.

    Args:
        model: a built Keras model.
    """

    def __init__(self, model):
        super().__init__()
        self.weights = [variable.value for variable in model.variables]
        self._model = lambda: model

    @property
    def model(self):
        """The Keras model."""
        return self._model()
