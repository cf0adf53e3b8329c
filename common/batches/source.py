"""The interface between training data and the training loop."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np


class Batch(NamedTuple):
    """A batch as `order` names it, before its arrays are made."""

    epoch: int
    numbers: np.ndarray  # of the examples


class BatchSource(Protocol):
    """A source of batches for `common.training.Trainer`; implementations subclass it.

    The order of an epoch depends on the seed and the epoch alone, and the arrays of a batch on its
    descriptor, which carries the epoch. So a run that stopped in mid-epoch resumes exactly, by
    skipping the batches it has seen.
    """

    @property
    def signature(self) -> tuple:
        """The `tf.TensorSpec`s of what `arrays` returns."""

    def order(self, epoch: int) -> Sequence:
        """The batch descriptors of an epoch, such as `Batch`, in the order of training."""

    def arrays(self, batch: Any) -> tuple:
        """The arrays of a descriptor, whatever epoch was asked for before."""

    def rate_scale(self, batch: Any) -> float:
        """Factor on the learning rate of an update on this batch."""
        return 1.0
