"""Baselines: the most frequent character, and a hidden Markov model."""

import numpy as np

from common.baselines import viterbi
from common.text import BOS, EOS

DISCOUNT = 0.7  # best of 0.5, 0.7, 0.9 on the validation split of People's Daily


class Baselines:
    """The most frequent character of each syllable, and a hidden Markov model.

    The HMM's states are characters, its observations syllables: argmax over c of
    sum_t log P(c_t | c_(t-1)) + log P(s_t | c_t), with a boundary before and after each piece. The
    bigrams are smoothed by absolute discounting with the Kneser-Ney lower order, the syllables by
    adding 0.1 to each count that the dictionary allows:

        P(c | b) = max(n(b, c) - D, 0) / n(b) + D * types(b, .) / n(b) * types(., c) / types

    Args:
        columns: token sequences of the training pieces: syllables, characters.
        allowed: bool `[syllables, characters]`.
    """

    def __init__(self, columns, allowed):
        before = np.concatenate([[BOS, *characters] for characters in columns[1]])
        after = np.concatenate([[*characters, EOS] for characters in columns[1]])
        bigrams = np.zeros([allowed.shape[1]] * 2, np.float32)
        np.add.at(bigrams, (before, after), 1)
        seen, types = bigrams.sum(1, keepdims=True), (bigrams > 0).sum(1, keepdims=True)
        lower = (bigrams > 0).sum(0) + 0.1  # unseen characters get some probability
        left = np.where(seen > 0, DISCOUNT * types / np.maximum(seen, 1), 1)
        shares = np.maximum(bigrams - DISCOUNT, 0) / np.maximum(seen, 1)
        self.transitions = np.log(shares + left * lower / lower.sum())

        self.counts = np.zeros(allowed.shape)
        np.add.at(self.counts, tuple(map(np.concatenate, columns)), 1)
        smoothed = self.counts + 0.1 * allowed
        shares = smoothed / np.maximum(smoothed.sum(0), 1e-9)
        self.emissions = np.log(np.maximum(shares, 1e-9))
        found = [np.flatnonzero(row[EOS + 1 :]) + EOS + 1 for row in allowed]
        self.candidates = [ids if len(ids) else np.array([EOS + 1]) for ids in found]

    def most_frequent(self, syllables):
        """int `[time]` -> the most frequent character of each syllable."""
        counts = [self.counts[s, self.candidates[s]] for s in syllables]
        return [self.candidates[s][np.argmax(n)] for s, n in zip(syllables, counts, strict=True)]

    def hmm(self, syllables):
        """int `[time]` -> the most probable character sequence."""
        ids = [self.candidates[s] for s in syllables]
        emissions = [self.emissions[s, c] for s, c in zip(syllables, ids, strict=True)]
        emissions[0] = emissions[0] + self.transitions[BOS, ids[0]]
        emissions[-1] = emissions[-1] + self.transitions[ids[-1], EOS]
        path, _ = viterbi(emissions, lambda t: self.transitions[np.ix_(ids[t - 1], ids[t])])
        return [characters[state] for characters, state in zip(ids, path, strict=True)]
