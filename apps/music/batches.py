"""Batches of pieces: shuffled, transposed and cropped by a seed, so that a run resumes exactly."""

import numpy as np
import tensorflow as tf

from common.batches import Batch, BatchSource
from common.errors import UserError
from common.music import KEYS, LOWEST, keys, rolls


class PieceBatches(BatchSource):
    """Batches of pieces; a subclass makes the arrays of a batch in `_arrays`.

    Everything drawn for a piece depends on (seed, epoch, number of the piece) only.
    """

    def __init__(self, config, pieces, limits, training=True, given=None):
        if not pieces:
            raise UserError("the training data has no pieces: nothing to make batches of")
        self.config, self.pieces, self.limits = config, pieces, limits
        self.training, self.given = training, given
        self.sizes = np.array([len(piece.notes) for piece in pieces])

    def order(self, epoch):
        size, group = self.config.batching.batch_size, self.config.batching.bucket_batches
        random = np.random.default_rng([self.config.seed, epoch])
        numbers = random.permutation(len(self.pieces)) if self.training else np.argsort(self.sizes)
        batches = []
        for start in range(0, len(numbers), size * group):
            part = numbers[start : start + size * group]
            if group > 1:
                part = part[np.argsort(self.sizes[part], kind="stable")]
            batches += [part[i : i + size] for i in range(0, len(part), size)]
        if self.training:
            batches = [batches[i] for i in random.permutation(len(batches))]
        return [Batch(epoch, numbers) for numbers in batches]

    def arrays(self, batch):
        epoch, numbers = batch
        pieces, randoms = [], []
        for number in numbers:
            piece = self.pieces[number]
            randoms.append(np.random.default_rng([self.config.seed, epoch, number]))
            pieces.append(self._altered(piece, randoms[-1]) if self.training else piece)
        return self._arrays(pieces, randoms)

    def _cut(self, notes, start, end):
        return rolls.cut(notes, start, end)

    def _altered(self, piece, random):
        crop, most = self.config.data.crop, self.config.data.transpose
        whole = len(piece.notes)
        if crop and whole > crop:
            # No crop starts in the middle of a bar; the last may be shorter, so that the ends of
            # pieces are learned too.
            bar, pickup = (piece.bar, piece.pickup) if self._bars else (1, 0)
            lines = np.arange(pickup - bar, min(whole - crop + bar, whole), bar)
            start = int(random.choice(np.unique(np.maximum(lines, 0))))
            notes = self._cut(piece.notes, start, start + crop)
            after = whole - start - len(notes)
            piece = piece._replace(notes=notes, pickup=piece.pickup - start, after=after)
        if most:
            low, high = self._room(piece.notes)
            shift = int(random.integers(max(-most, low), min(most, high) + 1))
            key = keys.transpose(piece.key, shift) if piece.key >= 0 else piece.key
            piece = piece._replace(notes=self._shifted(piece.notes, shift), key=key)
        return piece


class RollBatches(PieceBatches):
    """For the frame model: (rolls int32 `[batch, time, 88]`, lengths int32 `[batch]`)."""

    _bars = False

    def _cut(self, notes, start, end):
        return notes[start:end]

    @property
    def signature(self):
        return (
            tf.TensorSpec([None, None, KEYS], tf.int32),
            tf.TensorSpec([None], tf.int32),
        )

    def _arrays(self, pieces, randoms):
        lengths = np.array([len(piece.notes) for piece in pieces], np.int32)
        rolls = np.zeros([len(pieces), lengths.max(), KEYS], np.int32)
        for row, piece in zip(rolls, pieces, strict=True):
            row[: len(piece.notes)] = piece.notes
        return rolls, lengths

    def _room(self, notes):
        used = np.flatnonzero(notes.any(0)) + LOWEST
        if not used.size:
            return 0, 0
        return min(0, self.limits[0][0] - used[0]), max(0, self.limits[0][1] - used[-1])

    def _shifted(self, notes, shift):
        return np.roll(notes, shift, 1)  # only silent notes wrap around: `_room` ensures it
