"""Configurations: dataclasses whose field docstrings are the `--help` text.

The sections that apps share (tokenizer, batches, beam search, training), types that state the
limits of a field (`units: Count`), and configurations as JSON. Nothing here imports TensorFlow, so
help is quick."""

from ..limits import Count, Limits, Natural, Positive, Range, Rate, Seed, Share, Weight, check
from ..searches import Beam as BeamConfig
from .cells import Cell
from .json_form import differences, from_json, to_json
from .sections import BatchingConfig, TokenizerConfig, TrainingConfig

__all__ = [
    "BatchingConfig",
    "BeamConfig",
    "Cell",
    "Count",
    "Limits",
    "Natural",
    "Positive",
    "Range",
    "Rate",
    "Seed",
    "Share",
    "TokenizerConfig",
    "TrainingConfig",
    "Weight",
    "check",
    "differences",
    "from_json",
    "to_json",
]
