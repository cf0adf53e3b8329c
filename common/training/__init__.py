"""The training loop, its update, optimizers and losses, and likelihoods of held-out data.

`Trainer` resumes exactly after a crash, stops safely, and runs on one device or many. The package
also offers smoothed cross-entropy and R-Drop (`disagreement`), learning-rate schedules, clipping,
averages of weights, the choice of the best weights (`BestScore`), and `total_nll` and `stream_nll`
for held-out data."""

from .best_score import BestScore
from .losses import (
    Losses,
    StreamLosses,
    cross_entropy,
    disagreement,
    smoothed_cross_entropy,
    twice,
)
from .nll import TotalNLL, carried, stream_nll, summed, total_nll
from .optimizers import MovingAverage, TriggeredAverage, clip, learning_rate, optimizer
from .position import Position
from .trainer import Trainer
from .update import Update

__all__ = [
    "BestScore",
    "Losses",
    "MovingAverage",
    "Position",
    "StreamLosses",
    "TotalNLL",
    "Trainer",
    "TriggeredAverage",
    "Update",
    "carried",
    "clip",
    "cross_entropy",
    "disagreement",
    "learning_rate",
    "optimizer",
    "smoothed_cross_entropy",
    "stream_nll",
    "summed",
    "total_nll",
    "twice",
]
