"""Picture encoders by name; each maps a picture to a sequence of cells."""

import inspect

import keras

from ..errors import UserError
from .cnn import small_cnn
from .efficientnet import efficientnet_lite0

SMALL, LITE = "cnn", "efficientnet-lite0"


def picture_encoder(name, size, *, pretrained=True, widths=(24, 48, 96, 160)):
    """A keras.Model: pictures `[batch, size, size, 3]`, 0 to 255 -> `[batch, cells, depth]`.

    Args:
        name: "cnn" (from scratch), "efficientnet-lite0", or a network of keras.applications, whose
            ImageNet weights Keras downloads.
        size: height and width in pixels.
        pretrained: load ImageNet weights; False for a model whose weights are loaded from a run.
        widths: channels of "cnn".

    Raises:
        UserError: an unknown name, a size below 32, or missing weights.
    """
    if size < 32:
        raise UserError(f"pictures of {size} pixels are too small: give at least 32")
    if name == SMALL:
        return small_cnn(size, widths)
    if name == LITE:
        return efficientnet_lite0(size, pretrained)
    network = getattr(keras.applications, name, None)
    if not callable(network):
        raise UserError(
            f"unknown encoder {name!r}: choose {SMALL}, {LITE}, or a network of keras.applications "
            "such as MobileNetV2 or ResNet50"
        )
    return _application(network, name, size, pretrained)


def _application(network, name, size, pretrained):
    # The module of a network has the preprocessing of its training.
    scale = inspect.getmodule(inspect.unwrap(network)).preprocess_input
    try:
        body = network(
            include_top=False,
            weights="imagenet" if pretrained else None,
            input_shape=(size, size, 3),
        )
    except Exception as error:  # a failed download raises a bare Exception
        if "fetch" not in str(error):
            raise
        raise UserError(
            f"the ImageNet weights of {name} cannot be downloaded ({error}): check the network, or "
            f"use the encoder {SMALL}"
        ) from None
    inputs = keras.Input((size, size, 3))
    cells = body(scale(inputs))
    outputs = keras.layers.Reshape((-1, cells.shape[-1]))(cells)
    return keras.Model(inputs, outputs, name=name)
