"""The training loop, its update, optimizers and losses.

`Trainer` resumes exactly after a crash, stops safely, and runs on one device or many."""

from .losses import cross_entropy, disagreement, smoothed_cross_entropy, total_nll, twice
from .nll import stream_nll
from .optimizers import MovingAverage, TriggeredAverage, clip, learning_rate, optimizer
from .position import Position
from .trainer import Trainer
from .update import Update

__all__ = [
    "MovingAverage",
    "Position",
    "Trainer",
    "TriggeredAverage",
    "Update",
    "clip",
    "cross_entropy",
    "disagreement",
    "learning_rate",
    "optimizer",
    "smoothed_cross_entropy",
    "stream_nll",
    "total_nll",
    "twice",
]
