"""Decoding inside the graph: greedy, sampling and beam search over one step function.

    step(tokens, state) -> (logits, state)

`tokens` int32 [rows]; `state` a nest of tensors whose first dimension is rows; `logits`
[rows, vocab] of any float type. `rows` is the batch for `greedy_search` and `sample`, and
batch * beam for `beam_search` (row = batch_index * beam + beam_index). What stays the same along
a hypothesis (encoder memory, its mask) is captured by the step function, already repeated `beam`
times, and is never moved; `state` is given with batch rows and is repeated by the search.

A hard constraint is a function that every search takes:

    allowed(position, state) -> bool, broadcastable to [rows, vocab]

with the state that the step just gave back. A constraint that depends on what was produced keeps
what it must know in that state, as `common.decoding.automaton` does. A string starts after `bos`,
or after the tokens `first`, which are fed in and are no part of the output.
"""

from .beam import BeamConfig, beam_search
from .greedy import greedy_search
from .hypotheses import Hypotheses
from .penalties import coverage_penalty, length_penalty
from .sampling import sample, text_seeds

__all__ = [
    "BeamConfig",
    "Hypotheses",
    "beam_search",
    "coverage_penalty",
    "greedy_search",
    "length_penalty",
    "sample",
    "text_seeds",
]
