"""A trained model as a function: batched search in memory, and exported SavedModels.

`Batched` runs a search over any number of inputs; `export` writes a SavedModel and verifies in a
fresh process, through both of TensorFlow's loaders, that it gives the same answers."""

from .batched_search import Batched
from .saved_model import export, export_search

__all__ = [
    "Batched",
    "export",
    "export_search",
]
