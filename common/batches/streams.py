"""One long text as contiguous streams, for truncated back-propagation through time."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ..errors import UserError
from ..special_tokens import EOS, PAD
from .source import BatchSource


class Segment(NamedTuple):
    """A batch of `Streams`: the columns from `start` on, of the rows of one device."""

    epoch: int
    start: int
    columns: int
    device: int


class Streams(BatchSource):
    """A text of n tokens as `batch_size` rows that are read from left to right, batch after batch.

    Row r of a batch goes on where row r of the batch before stopped, so a state that is carried
    from batch to batch has read all that stands before. The text is cut into rows of equal length;
    the last row is filled up with PAD, which is not scored: every token is predicted exactly once
    an epoch, from the token before it, the first from EOS.

    With `vary` the length of a batch is drawn anew (Merity et al. 2018): usually near `length`, one
    time in twenty near half of it, with a standard deviation of 5. Then no token always stands at
    the end of a batch, where gradients are cut. A shorter batch gives a noisier gradient, so its
    learning rate is scaled by its length over `length`.

    Args:
        tokens: int `[n]`; only what a batch needs is read of it.
        batch_size: rows on each device; fewer where the text is so short that a row would not fill
            one batch. The attribute `batch_size` says how many there are.
        length: time steps a batch.
        vary: draw lengths. They depend on (seed, epoch) alone.
        replicas: devices; each has rows of its own.
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
        """The epoch's `Segment`s, in the order of the text."""
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
