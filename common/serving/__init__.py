"""A trained model as a function, in memory over any number of inputs, and as a SavedModel.

`Pipeline` is the module that holds a model, `Batched` runs a search over any number of inputs.
`export` writes a SavedModel and verifies in a fresh process, with both of TensorFlow's loaders,
that it gives the same answers; `export_search` does so for a beam search."""

from .batched_search import Batched
from .pipeline import Pipeline
from .saved_model import export, export_search

__all__ = [
    "Batched",
    "Pipeline",
    "export",
    "export_search",
]
