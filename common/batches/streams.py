"""Batches of one long text as contiguous streams, for truncated back-propagation through time."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ..errors import UserError
from ..special_tokens import EOS, PAD
from .source import BatchSource


class Segment(NamedTuple):
    """A batch of `Streams`: `columns` columns from `start` on, of the rows of one device."""

    epoch: int
    start: int
    columns: int
    device: int


class Streams(BatchSource):
    """Batches of a text of n tokens in `batch_size` rows, read from left to right.

    Row r of a batch continues row r of the previous batch, so a state carried from batch to batch
    has read all preceding tokens of its row. The text is cut into rows of equal length; the last
    row is filled up with PAD, which is not scored: every token is predicted exactly once per epoch,
    from the token before it, the first from EOS.

    With `vary` the length of each batch is random (Merity et al. 2018): usually near `length`, with
    probability 1/20 near half of it, with a standard deviation of 5. Thus no token is always at the
    end of a batch, where gradients are cut. A shorter batch gives a noisier gradient, so its
    learning rate is scaled by its length over `length`.

    Args:
        tokens: int `[n]`, possibly memory-mapped; a batch reads only its own tokens.
        batch_size: rows per device, reduced if the text is too short to fill one batch; the
            attribute `batch_size` is the actual number.
        length: time steps per batch.
        vary: draw lengths, which depend only on (seed, epoch).
        seed: of the lengths.
        replicas: number of devices; each reads its own rows.

    Raises:
        UserError: the text is too short, or a size is below 1.
    """

    def __init__(self, tokens, batch_size, length, vary=False, seed=0, replicas=1):
        if len(tokens) < replicas:
            raise UserError(f"the text has {len(tokens)} tokens: give at least {replicas}")
        if length < 1 or batch_size < 1:
            raise UserError("streams.length and streams.batch_size must be at least 1")
        self.batch_size = max(1, min(batch_size, len(tokens) // (length * replicas)))
        self.length, self.vary, self.seed, self.replicas = length, vary, seed, replicas
        self.tokens = tokens
        self.columns = -(-len(tokens) // (self.batch_size * replicas))

    @property
    def signature(self):
        return (tf.TensorSpec([self.batch_size, None], tf.int32),) * 2

    def order(self, epoch):
        """The `Segment`s of an epoch, in text order."""
        random = np.random.default_rng([self.seed, epoch])
        segments, start = [], 0
        while start < self.columns:
            columns = self.length
            if self.vary:
                near = self.length if random.random() < 0.95 else self.length / 2
                columns = max(min(5, self.length), round(random.normal(near, 5)))
            segments.append((start, min(columns, self.columns - start)))
            start += columns
        return [
            Segment(epoch, *segment, device)
            for segment in segments
            for device in range(self.replicas)
        ]

    def arrays(self, batch):
        """(inputs, labels), each int32 `[batch_size, columns]`."""
        rows = np.arange(self.batch_size) + batch.device * self.batch_size
        columns = np.arange(batch.start, batch.start + batch.columns)
        places = rows[:, None] * self.columns + columns
        inputs = np.where(places, self._at(places - 1), EOS)
        return inputs.astype(np.int32), self._at(places).astype(np.int32)

    def _at(self, places):
        last = len(self.tokens) - 1
        return np.where(places <= last, self.tokens[np.clip(places, 0, last)], PAD)

    def rate_scale(self, batch):
        return batch.columns / self.length if self.vary else 1.0
