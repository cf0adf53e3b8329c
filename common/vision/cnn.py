"""A small convolutional encoder for training from scratch."""

import itertools

import keras


def small_cnn(size, widths=(24, 48, 96, 160)):
    """A keras.Model: pictures `[batch, size, size, 3]`, 0 to 255 -> cells `[batch, cells, depth]`.

    There is a 3 x 3 convolution of stride 2 into each width but the last, and residual connections
    around further convolutions; each has batch normalisation (Ioffe & Szegedy 2015) and ReLU. With
    four widths `cells` is (size / 8)^2; `depth` is the last width.

    Args:
        size: height and width in pixels.
        widths: channels of the stages.
    """
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(1 / 64, offset=-2.0)(inputs)

    numbers = itertools.count(1)

    def convolution(x, width, stride=1):
        # Explicit names: Keras' default names are numbered across models.
        n = next(numbers)
        x = keras.layers.Conv2D(
            width, 3, stride, padding="same", use_bias=False, name=f"convolution_{n}"
        )(x)
        return keras.layers.ReLU()(keras.layers.BatchNormalization(name=f"norm_{n}")(x))

    first, *middle, last = widths
    x = convolution(x, first, 2)
    for width in middle:
        x = convolution(x, width, 2)
        x = keras.layers.Add()([x, convolution(x, width)])
    x = convolution(x, last)
    x = keras.layers.Add()([x, convolution(x, last)])
    x = keras.layers.Reshape((-1, last))(x)
    return keras.Model(inputs, x, name="cnn")
