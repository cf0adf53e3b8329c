"""Pictures: reading files safely, operations for the graph, encoders, stored features.

Reading and storing are handed on from here; what needs TensorFlow has modules of its own:
`picture_ops` (decode, resize and augment inside a graph) and `encoders` (a small CNN,
EfficientNet-Lite with ImageNet weights, and any network of keras.applications).
"""

from .array_store import ArrayStore
from .read_picture import SUFFIXES, read_picture, read_picture_file

__all__ = ["SUFFIXES", "ArrayStore", "read_picture", "read_picture_file"]
