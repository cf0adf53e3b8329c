"""The interface between training data and the training loop."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np


class Batch(NamedTuple):
    """The descriptor of a batch, from which its arrays are made."""

    epoch: int
    numbers: np.ndarray  # indices of the examples


class BatchSource(Protocol):
    """A source of batches for `common.training.Trainer`; implementations subclass it.

    The order of an epoch depends only on the seed and the epoch, and the arrays of a batch only on
    its descriptor, which includes the epoch. So a run stopped in mid-epoch resumes exactly, by
    skipping the batches already used.
    """

    @property
    def signature(self) -> tuple:
        """The `tf.TensorSpec`s of the tuple returned by `arrays`."""

    def order(self, epoch: int) -> Sequence:
        """The batch descriptors of an epoch, such as `Batch`, in training order."""

    def arrays(self, batch: Any) -> tuple:
        """The arrays of a descriptor, whatever epoch was requested before."""

    def rate_scale(self, batch: Any) -> float:
        """The factor on the learning rate for this batch."""
        return 1.0
