"""The module that an app's pipeline is: a trained network from raw input to finished output."""

import tensorflow as tf


class Pipeline(tf.Module):
    """A module around a Keras model, which `export` can save.

    Attributes are what an export has to carry: the raw variables in `weights`, and the tokenizers
    of a subclass. The Keras model itself is reached through a closure: as an attribute it would
    hide its variables from TensorFlow Serving.

    Args:
        model: a Keras model whose variables exist.
    """

    def __init__(self, model):
        super().__init__()
        self.weights = [variable.value for variable in model.variables]
        self._model = lambda: model

    @property
    def model(self):
        """The Keras model."""
        return self._model()
