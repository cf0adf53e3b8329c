"""Classical baselines that the networks are compared with: hidden Markov models."""

from .hidden_markov import HiddenMarkovModel, TagCounts
from .viterbi import viterbi

__all__ = [
    "HiddenMarkovModel",
    "TagCounts",
    "viterbi",
]
