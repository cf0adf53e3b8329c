"""Pictures: safe reading of files, graph operations, encoders, and stored features.

`read_picture` and `ArrayStore` work without TensorFlow. The modules `picture_ops` (decoding,
resizing and augmentation in a graph) and `encoders` (a small CNN, EfficientNet-Lite0 with ImageNet
weights, and any network of keras.applications) need it and are imported separately.
"""

from .array_store import ArrayStore
from .read_picture import SUFFIXES, read_picture, read_picture_file

__all__ = ["SUFFIXES", "ArrayStore", "read_picture", "read_picture_file"]
