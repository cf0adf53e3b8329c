"""Run folders: configuration, checkpoints and measurements of one training.

`Run` makes, opens and locks a folder; `checkpoints` reads and writes its weights."""

from .checkpoints import best_weights
from .folder import Run, latest_run

__all__ = [
    "Run",
    "best_weights",
    "latest_run",
]
