"""Decoding inside the graph: greedy search, sampling and beam search over one step function.

    step(tokens, state) -> (logits, state)

`tokens` is int32 [rows]. `state` is a nest of tensors whose first dimension is rows. `logits` is
[rows, vocab] of any float type. `rows` is batch * search.width: the batch for `Greedy` and
`Sampling`, batch * beam for `Beam` (row = batch_index * beam + beam_index). What stays the same
along a hypothesis (encoder memory, its mask) is captured by the step function, already repeated
`beam` times, and is never moved; `state` is given with batch rows and is repeated by the search.

`run_search` runs any of the three and returns `Hypotheses`. `greedy_search`, `sample` and
`beam_search` are the searches themselves, `text_seeds` makes seeds for rows from their texts.
`length_penalty` and `coverage_penalty` are the penalties of a beam's scores, and `possible` tells
real log-probabilities from forbidden ones.

A hard constraint is a function that every search takes:

    allowed(position, state) -> bool, broadcastable to [rows, vocab]

with the state that the step just returned. A constraint that depends on the tokens so far keeps
what it must know in that state, as `decoding.automaton` does. A string starts after `bos`, or
after the tokens `first`, which are fed in and are no part of the output.

This room imports TensorFlow, NumPy and modules of the ground floor only.
"""

from ..searches import Beam, Greedy, Sampling
from .beam import beam_search
from .greedy import greedy_search
from .hypotheses import Hypotheses, possible
from .penalties import coverage_penalty, length_penalty
from .run import run_search
from .sampling import sample, text_seeds

__all__ = [
    "Beam",
    "Greedy",
    "Hypotheses",
    "Sampling",
    "beam_search",
    "coverage_penalty",
    "greedy_search",
    "length_penalty",
    "possible",
    "run_search",
    "sample",
    "text_seeds",
]
