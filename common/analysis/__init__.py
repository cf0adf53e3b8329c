"""Looking into training: plots, back-propagation through time by hand, gradients by lag."""

from .bptt import bptt
from .plots import attention_map, confusion_matrix, training_curve

__all__ = [
    "attention_map",
    "bptt",
    "confusion_matrix",
    "training_curve",
]
