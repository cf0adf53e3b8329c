"""A small convolutional network that can be trained from scratch."""

import itertools

import keras


def small_cnn(size, widths=(24, 48, 96, 160)):
    """Pictures `[batch, size, size, 3]`, 0 to 255 -> cells `[batch, (size / 8)^2, widths[-1]]`.

    A stride of 2 into each of the first three widths; 3 x 3 convolutions, each with batch
    normalisation (Ioffe & Szegedy 2015) and ReLU.
    """
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(1 / 64, offset=-2.0)(inputs)

    numbers = itertools.count(1)

    def convolution(x, width, stride=1):
        # Names of their own: those that Keras makes up count on from model to model.
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
