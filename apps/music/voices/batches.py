"""Batches of pieces in voices, and of the band's tracks."""

import numpy as np
import tensorflow as tf

from apps.music.batches import PieceBatches
from apps.music.voices import voice_tokens
from apps.music.voices.conditions import condition_array
from common.batches import Batch
from common.music import ABSENT, HOLD, LOWEST


class VoiceBatches(PieceBatches):
    """For the voice model: (tokens `[batch, time, voices]`, given `[batch, voices]`, conditions
    `[batch, time, facts]`), all int32."""

    _bars = True

    @property
    def signature(self):
        cube = tf.TensorSpec([None, None, None], tf.int32)
        return cube, tf.TensorSpec([None, None], tf.int32), cube

    def _arrays(self, pieces, randoms):
        voices, longest = pieces[0].notes.shape[1], max(len(piece.notes) for piece in pieces)
        tokens = np.zeros([len(pieces), longest, voices], np.int32)
        known = np.zeros([len(pieces), longest, 3 + len(pieces[0].more)], np.int32)
        given = np.zeros([len(pieces), voices], np.int32)
        for row, piece in enumerate(pieces):
            time = len(piece.notes)
            tokens[row, :time] = voice_tokens.token_array(piece.notes)
            facts = (piece.bar, piece.pickup, piece.key, *piece.more)
            if self.training:
                given[row] = self._draw_given(randoms[row], voices)
                facts = hide_facts(randoms[row], facts)
            else:
                given[row] = self.given if self.given is not None else 0
            known[row, :time] = condition_array(time, facts, piece.after)
        return tokens, given, known

    def _draw_given(self, random, voices):
        """Which voices of a piece are given: none, the first, or any but all, a third each."""
        case = random.integers(3)
        if case == 0 or voices == 1:
            return np.zeros(voices, np.int32)
        if case == 1:
            return np.eye(voices, dtype=np.int32)[0]
        number = random.integers(1, voices)
        return np.isin(np.arange(voices), random.permutation(voices)[:number]).astype(np.int32)

    def _room(self, notes):
        low, high = -128, 128
        for voice, (lowest, highest) in zip(notes.T, self.limits, strict=False):
            pitches = voice[voice > HOLD]
            if pitches.size:
                low, high = max(low, lowest - pitches.min()), min(high, highest - pitches.max())
        return min(low, 0), max(high, 0)

    def _shifted(self, notes, shift):
        return np.where(notes > HOLD, notes + shift, notes)


def hide_facts(random, facts):
    """Makes each fact but the metre unknown (-1) in a fifth of the pieces, as in requests."""
    hidden = random.random(len(facts)) < 0.2
    return [
        -1 if hide and n > 1 else fact
        for n, (fact, hide) in enumerate(zip(facts, hidden, strict=True))
    ]


class BandBatches(VoiceBatches):
    """For the band: as for voices, each batch of one set, since sets lack different tracks.

    Transposition moves melody and chords, not drums; no voice is given by chance.
    """

    def order(self, epoch):
        random = np.random.default_rng([self.config.seed, epoch])
        sets = {}
        for number, piece in enumerate(self.pieces):
            sets.setdefault(tuple(piece.notes[0] == ABSENT), []).append(number)
        size, batches = self.config.batching.batch_size, []
        for numbers in sets.values():
            numbers = random.permutation(numbers) if self.training else np.array(numbers)
            lengths = np.minimum(self.sizes[numbers], self.config.data.crop or self.sizes.max())
            numbers = numbers[np.argsort(lengths, kind="stable")]
            batches += [numbers[i : i + size] for i in range(0, len(numbers), size)]
        if self.training:
            batches = [batches[i] for i in random.permutation(len(batches))]
        return [Batch(epoch, numbers) for numbers in batches]

    def _draw_given(self, random, voices):
        return np.zeros(voices, np.int32)

    def _room(self, notes):
        return super()._room(notes[:, :1])

    def _shifted(self, notes, shift):
        melody, chords = notes[:, :1], notes[:, 1:2]
        roots = chords - LOWEST
        moved = LOWEST + roots - roots % 12 + (roots % 12 + shift) % 12
        chords = np.where(chords > HOLD, moved, chords)
        return np.concatenate([super()._shifted(melody, shift), chords, notes[:, 2:]], 1)
