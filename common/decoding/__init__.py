"""Decoding inside the graph: greedy search, sampling and beam search over one step function.

    step(tokens, state) -> (logits, state)

`tokens` is int32 `[rows]`, `state` a nest of tensors whose first dimension is rows, `logits`
`[rows, vocab]` of any float type. `rows` is batch * search.width: the batch for `Greedy` and
`Sampling`, batch * beam for `Beam` (row = batch_index * beam + beam_index). Tensors that are
constant along a hypothesis (encoder memory, its mask) are captured by the step function, already
repeated `beam` times, and are never reordered; the initial `state` has batch rows and is repeated
by the search.

`run_search` runs any of the three searches and returns `Hypotheses`. `greedy_search`, `sample` and
`beam_search` are the searches themselves; `text_seeds` derives the seeds of rows from their texts.
`length_penalty` and `coverage_penalty` are the score penalties of beam search, and `possible`
distinguishes real log-probabilities from forbidden ones.

Every search takes a hard constraint as a function:

    allowed(position, state) -> bool, broadcastable to `[rows, vocab]`

where `state` is what the step has just returned. A constraint that depends on the tokens so far
keeps its own state there, as `decoding.automaton` does. A string starts after `bos`, or after the
tokens `first`, which are fed in but are not part of the output.

The package imports only TensorFlow, NumPy and modules of the bottom layer of common.
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
