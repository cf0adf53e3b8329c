"""Configurations: dataclasses whose field docstrings are the `--help` text.

Offers the sections that apps share (tokenizer, batches, beam search, training), types that state
the limits of a field (`units: Count`) and `check` that validates them, and conversion to and from
JSON. Does not import TensorFlow, so `--help` is fast."""

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
