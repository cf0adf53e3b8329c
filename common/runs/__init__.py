"""Run folders: configuration, checkpoints and measurements of one training.

`Run` makes, opens and locks a folder; `checkpoints` reads and writes its weights; `read_rows` reads
its measurements."""

from .checkpoints import best_weights
from .folder import Run, latest_run
from .measurements import read_rows

__all__ = [
    "Run",
    "best_weights",
    "latest_run",
    "read_rows",
]
