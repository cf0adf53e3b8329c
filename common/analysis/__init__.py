"""Analysis of trainings: plots, back-propagation through time by hand, gradients by lag.

`training_curve`, `attention_map` and `confusion_matrix` draw PNG files, `bptt` computes gradients
by the textbook formulas, and the module `gradient_lag` plots how gradients vanish or explode."""

from .bptt import bptt
from .plots import attention_map, confusion_matrix, training_curve

__all__ = [
    "attention_map",
    "bptt",
    "confusion_matrix",
    "training_curve",
]
