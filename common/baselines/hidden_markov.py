"""Second-order hidden Markov model for tagging words (Brants 2000, "TnT")."""

from collections import defaultdict
from functools import cached_property

import numpy as np

from .viterbi import viterbi

LONGEST_SUFFIX = 10
RARE = 10  # suffix statistics come from words up to this count
CANDIDATES = 12  # tags of an unknown word


class TagCounts:
    """Counts of the tags of each word, and a tagger that uses them without context.

    Args:
        words, tags: for each sentence the list of its words, and of their tags.

    Attributes:
        tags: all tags, sorted.
        sequences: the tag indices of each sentence.
        words: word -> counts `[tags]`.
        of_tags: `[tags]`, the sum of these counts.
    """

    def __init__(self, words, tags):
        self.tags = sorted({tag for sequence in tags for tag in sequence})
        numbers = {tag: n for n, tag in enumerate(self.tags)}
        self.sequences = [[numbers[tag] for tag in sequence] for sequence in tags]
        self.words = defaultdict(lambda: np.zeros(len(self.tags)))
        for sentence, sequence in zip(words, self.sequences, strict=True):
            for word, tag in zip(sentence, sequence, strict=True):
                self.words[word][tag] += 1
        self.words = dict(self.words)
        self.of_tags = sum(self.words.values())

    def __call__(self, sentence):
        """The most frequent tag of each word of a sentence; that of its suffix if it is unknown."""
        known = [self.words.get(word) for word in sentence]
        shares = [self.guess(w) if k is None else k for w, k in zip(sentence, known, strict=True)]
        return [self.tags[int(np.argmax(share))] for share in shares]

    @cached_property
    def suffixes(self):
        """(capital, suffix) -> P(tag | suffix) `[tags]`, by successive abstraction.

        For the last i letters P_i = (share_i + theta P_(i-1)) / (1 + theta), with theta the
        standard deviation of the tag shares.
        """
        counts = defaultdict(lambda: np.zeros(len(self.tags)))
        for word, tags in self.words.items():
            if tags.sum() <= RARE:
                for length in range(min(len(word), LONGEST_SUFFIX) + 1):
                    counts[word[0].isupper(), word[len(word) - length :]] += tags
        share = self.of_tags / self.of_tags.sum()
        theta = np.std(share, ddof=1)
        found = {}
        for capital, suffix in sorted(counts, key=lambda key: len(key[1])):
            above = found[capital, suffix[1:]] if suffix else share
            own = counts[capital, suffix]
            found[capital, suffix] = (own / own.sum() + theta * above) / (1 + theta)
        return found

    def guess(self, word):
        """P(tag) `[tags]` of an unknown word, by its longest known suffix."""
        for length in range(min(len(word), LONGEST_SUFFIX), -1, -1):
            key = word[0].isupper(), word[len(word) - length :]
            if key in self.suffixes:
                return self.suffixes[key]
        return self.of_tags / self.of_tags.sum()


class HiddenMarkovModel:
    """Tagger: argmax over tags of prod_t P(tag_t | tag_(t-2), tag_(t-1)) P(word_t | tag_t).

    Trigrams are interpolated linearly with bigrams and unigrams, with weights from deleted
    interpolation; for an unknown word P(word | tag) ~ P(tag | suffix) / P(tag).

    Args:
        counts: the `TagCounts` of the training data.
    """

    def __init__(self, counts):
        self.counts, n = counts, len(counts.tags)
        trigrams = np.zeros([n + 1, n + 1, n])  # index n is the start
        for sequence in counts.sequences:
            padded = [n, n, *sequence]
            np.add.at(trigrams, (padded[:-2], padded[1:-1], padded[2:]), 1)
        bigrams, unigrams = trigrams.sum(0), trigrams.sum((0, 1))
        total = unigrams.sum()
        left_out = [  # each trigram without itself
            (unigrams - 1) / (total - 1) + 0 * trigrams,
            _share(bigrams - 1, bigrams.sum(-1, keepdims=True) - 1) + 0 * trigrams,
            _share(trigrams - 1, trigrams.sum(-1, keepdims=True) - 1),
        ]
        votes = np.argmax(np.stack(left_out), 0)
        self.weights = np.array([trigrams[votes == k].sum() for k in range(3)]) / trigrams.sum()
        parts = [
            unigrams / total,
            _share(bigrams, bigrams.sum(-1, keepdims=True)),
            _share(trigrams, trigrams.sum(-1, keepdims=True)),
        ]
        smoothed = sum(w * p for w, p in zip(self.weights, parts, strict=True))
        self.trigrams = np.log(np.maximum(smoothed, 1e-12))

    def _candidates(self, word):
        """(indices of the possible tags of a word, log-score of the word under each)."""
        tags = self.counts.words.get(word)
        if tags is not None:
            chosen = np.flatnonzero(tags)
            return chosen, np.log(tags[chosen] / self.counts.of_tags[chosen])
        share = self.counts.guess(word)
        chosen = np.argsort(-share)[:CANDIDATES]
        return chosen, np.log(share[chosen] / self.counts.of_tags[chosen])

    def __call__(self, sentence):
        """The tags of a list of words."""
        if not sentence:
            return []
        start = np.array([len(self.counts.tags)])
        tags, scores = zip(*map(self._candidates, sentence), strict=True)
        before = [start, start, *tags]  # before[t + 2] are the candidates of word t

        def pairs(t):  # log P(tag_t | two before) for the pairs of t - 1 (rows) and of t
            one, two, now = before[t], before[t + 1], tags[t]
            steps = np.full([len(one), len(two), len(two), len(now)], -np.inf)
            middle = np.arange(len(two))
            steps[:, middle, middle] = self.trigrams[np.ix_(one, two, now)]
            return steps.reshape(len(one) * len(two), -1)

        emissions = [np.tile(s, len(before[t + 1])) for t, s in enumerate(scores)]
        emissions[0] = emissions[0] + self.trigrams[start, start, tags[0]]
        path, _ = viterbi(emissions, pairs)
        return [self.counts.tags[tags[t][state % len(tags[t])]] for t, state in enumerate(path)]


def _share(counts, totals):
    """counts / totals, 0 where totals are not positive."""
    return np.where(totals > 0, counts / np.where(totals > 0, totals, 1), 0)
