"""Run folders: configuration, checkpoints and measurements of one training.

`Run` creates, opens and locks a folder; the module `checkpoints` and `best_weights` read and write
weights; `read_rows` reads measurements; `latest_run` finds the newest run of an app."""

from .checkpoints import best_weights
from .folder import Run, latest_run
from .measurements import read_rows

__all__ = [
    "Run",
    "best_weights",
    "latest_run",
    "read_rows",
]
