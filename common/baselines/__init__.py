"""Classical baselines for the networks: hidden Markov models of tags.

`TagCounts` tags each word without context, `HiddenMarkovModel` the words of a sentence jointly;
`viterbi` finds the best path through any lattice."""

from .hidden_markov import HiddenMarkovModel, TagCounts
from .viterbi import viterbi

__all__ = [
    "HiddenMarkovModel",
    "TagCounts",
    "viterbi",
]
