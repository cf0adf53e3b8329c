"""Batches of padded token sequences, bucketed by length, shuffled by a seed, and resumable."""

import numpy as np
import tensorflow as tf

from ..errors import UserError
from .source import Batch, BatchSource
from .token_file import Rows, store


def pad(sequences, multiple=1):
    """Pads int sequences on the right with PAD = 0.

    Args:
        sequences: list of n int sequences.
        multiple: the length is rounded up to a multiple of this.

    Returns:
        int32 `[n, longest]`, with `longest` at least 1.
    """
    longest = max((len(sequence) for sequence in sequences), default=0)
    longest = -(-max(longest, 1) // multiple) * multiple
    padded = np.zeros([len(sequences), longest], np.int32)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


class Batches(BatchSource):
    """Batches of padded arrays from examples of one or several aligned sequences.

    No batch is empty.

    Args:
        columns: for each side (source, target) its int sequences; sides are aligned.
        config: `BatchingConfig`.
        seed: of the order of the examples.
        resample: (epoch, numbers) -> columns that replace those of the examples `numbers` in that
            epoch, such as a new subword segmentation; batches are still formed by the lengths of
            `columns`.

    Attributes:
        columns: the `Rows` of each side.

    Raises:
        UserError: there are no examples, or one has an empty side.
    """

    def __init__(self, columns, config, seed=0, resample=None):
        self.columns = [rows if isinstance(rows, Rows) else store(rows) for rows in columns]
        self.config, self.seed, self.resample = config, seed, resample
        sizes = [column.sizes for column in self.columns]
        if not len(sizes[0]):
            raise UserError("the training data has no examples: give at least one")
        if min(size.min() for size in sizes) < 1:
            raise UserError("a training example is empty on one side: leave it out")
        self.longest = np.max(sizes, axis=0)
        # Sorting by all sides keeps padding small on each side.
        self.sort_keys = np.stack(sizes[::-1] + [np.max(sizes, axis=0)])
        self._latest = None, None  # (epoch, its order), cached: a training requests it repeatedly

    def order(self, epoch):
        if self._latest[0] != epoch:
            self._latest = epoch, self._shuffled(epoch)
        return self._latest[1]

    def _shuffled(self, epoch):
        random = np.random.default_rng([self.seed, epoch])
        permutation = random.permutation(len(self.longest))
        batches = []
        group = self._group_size()
        for start in range(0, len(permutation), group):
            part = permutation[start : start + group]
            if self.config.bucket_batches > 1:
                part = part[np.lexsort(self.sort_keys[:, part])]
            batches += self._cut(part)
        return [Batch(epoch, batches[i]) for i in random.permutation(len(batches))]

    @property
    def signature(self):
        return tuple(tf.TensorSpec([None, None], tf.int32) for _ in self.columns)

    def arrays(self, batch):
        """The padded int32 array of each side."""
        if self.resample:
            columns = self.resample(*batch)
        else:
            columns = [[column[n] for n in batch.numbers] for column in self.columns]
        return tuple(pad(column, self.config.pad_multiple) for column in columns)

    def _group_size(self):
        per_batch = self.config.batch_size
        if self.config.batch_by == "tokens":
            per_batch = max(1, int(per_batch / self.longest.mean()))
        return per_batch * max(1, self.config.bucket_batches)

    def _cut(self, part):
        size, multiple = self.config.batch_size, self.config.pad_multiple
        if self.config.batch_by == "sentences":
            return [part[i : i + size] for i in range(0, len(part), size)]
        batches, start = [], 0
        while start < len(part):
            longest, end = 0, start
            while end < len(part):
                longest = max(longest, self.longest[part[end]])
                padded = -(-longest // multiple) * multiple
                if end > start and padded * (end + 1 - start) > size:
                    break
                end += 1
            batches.append(part[start:end])
            start = end
        return batches
