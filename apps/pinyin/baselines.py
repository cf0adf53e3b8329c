"""What a network has to beat: the most frequent character, and a hidden Markov model."""

from collections import Counter

import numpy as np

from common.text import BOS, EOS
from common.viterbi import viterbi

DISCOUNTS = (0.3, 0.5, 0.7, 0.9)


class Baselines:
    """Counts of the training pieces.

    The HMM's states are characters, its observations syllables: argmax over c of
    sum_t log P(c_t | c_(t-1)) + log P(s_t | c_t), with borders before and behind a piece. The
    bigrams are smoothed by absolute discounting with Kneser and Ney's lower order:

        P(c | b) = max(n(b, c) - D, 0) / n(b) + D * types(b) / n(b) * types(., c) / types

    Args:
        columns: lists of token sequences, syllables and characters. allowed: bool `[syllables,
            characters]`. discount: D.
    """

    def __init__(self, columns, allowed):
        size = allowed.shape[1]
        self.emissions = Counter()
        bigrams = np.zeros([size, size], np.float32)
        for syllables, characters in zip(*columns, strict=True):
            self.emissions.update(zip(syllables.tolist(), characters.tolist(), strict=True))
            row = [BOS, *characters.tolist(), EOS]
            np.add.at(bigrams, (row[:-1], row[1:]), 1)
        self.bigrams = bigrams
        seen = bigrams.sum(1)
        self.candidates, self.log_emissions = {}, {}
        readings = np.maximum(allowed.sum(0), 1)
        for syllable in range(EOS + 1, len(allowed)):
            ids = np.flatnonzero(allowed[syllable, EOS + 1 :]) + EOS + 1
            counts = np.array([self.emissions[syllable, c] for c in ids.tolist()])
            share = (counts + 0.1) / (seen[ids] + 0.1 * readings[ids])
            self.candidates[syllable], self.log_emissions[syllable] = ids, np.log(share)
        self.set_discount(DISCOUNTS[2])

    def set_discount(self, discount):
        counts = np.maximum(self.bigrams.sum(1, keepdims=True), 1)
        types = (self.bigrams > 0).sum(1, keepdims=True)
        lower = (self.bigrams > 0).sum(0) + 0.1  # characters that were never seen have some
        left = np.where(types > 0, discount * types / counts, 1)
        self.discount = discount
        self.transitions = np.log(
            np.maximum(self.bigrams - discount, 0) / counts + left * lower / lower.sum()
        )

    def most_frequent(self, syllables):
        counts = {s: [self.emissions[s, c] for c in self.candidates[s].tolist()] for s in syllables}
        return [int(self.candidates[s][np.argmax(counts[s])]) for s in syllables]

    def hmm(self, syllables):
        ids = [self.candidates[s] for s in syllables]
        emissions = [self.log_emissions[s] for s in syllables]
        emissions[0] = emissions[0] + self.transitions[BOS, ids[0]]
        emissions[-1] = emissions[-1] + self.transitions[ids[-1], EOS]
        path, _ = viterbi(emissions, lambda t: self.transitions[np.ix_(ids[t - 1], ids[t])])
        return [int(ids[t][state]) for t, state in enumerate(path)]

    def choose(self, columns):
        """Sets the discount that gets most characters of the (validation) columns right."""

        def right(discount):
            self.set_discount(discount)
            pairs = zip(*columns, strict=True)
            return sum(int(np.sum(np.equal(self.hmm(s.tolist()), c))) for s, c in pairs)

        self.set_discount(max(DISCOUNTS, key=right))
