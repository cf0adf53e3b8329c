"""Settings of the decoding searches: `Greedy`, `Sampling` and `Beam`.

Configurations hold them, command lines choose among them, `decoding.run_search` runs them.
Does not import TensorFlow, so `--help` is fast.
"""

import math
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any, ClassVar

from .errors import UserError
from .limits import Count, Natural, Weight, check


@dataclass(frozen=True)
class Greedy:
    """The most probable token at every step.

    Raises:
        UserError: a value out of its limits.
    """

    width: ClassVar[int] = 1  # hypotheses that the search carries for each input

    min_length: Natural = 0
    """Tokens before the end of sentence is allowed."""
    no_repeat_ngram: Natural = 0
    """Length of the n-grams that may not occur twice; 0: off."""

    def __post_init__(self):
        check(self)


@dataclass(frozen=True)
class Sampling:
    """A draw from the model's distribution; the same seed gives the same draw.

    In a graph `seed`, `temperature`, `top_k` and `top_p` may be tensors, which are not validated.

    Raises:
        UserError: a value out of its limits.
    """

    width: ClassVar[int] = 1

    seed: Any = 1
    """An int; the draw of a row depends on it and on the row's index or key. As a tensor int32 [],
    [2] or [batch, 2], see `decoding.sample`."""
    temperature: Any = 1.0
    """Below 1 the distribution is sharper, above 1 flatter; 0: always the most probable token."""
    top_k: Any = 0
    """Draw among the k most probable tokens (Fan et al. 2018); 0: all."""
    top_p: Any = 1.0
    """Draw among the most probable tokens that together have this probability (nucleus sampling,
    Holtzman et al. 2020); 1: all."""
    min_length: Natural = 0
    """Tokens before the end of sentence is allowed."""
    no_repeat_ngram: Natural = 0
    """Length of the n-grams that may not occur twice; 0: off."""

    def __post_init__(self):
        check(self)
        if isinstance(self.temperature, Real) and not 0 <= self.temperature < math.inf:
            raise UserError(f"temperature is {self.temperature}: it must be 0 (greedy) or more")
        if isinstance(self.top_k, Real) and self.top_k < 0:
            raise UserError(f"top_k is {self.top_k}: it must be 0 (off) or more")
        if isinstance(self.top_p, Real) and not 0 < self.top_p <= 1:
            raise UserError(f"top_p is {self.top_p}: it must be above 0 and at most 1 (off)")


@dataclass(frozen=True)
class Beam:
    """Settings of beam search.

    Raises:
        UserError: a value out of its limits.
    """

    beam: Count = 5
    """Hypotheses kept alive at every step."""
    length_penalty: Weight = 0.6
    """Alpha of GNMT: log P is divided by ((5 + length) / 6) ** alpha."""
    coverage_penalty: Weight = 0.0
    """Beta of GNMT: penalises source positions left unattended."""
    min_length: Natural = 0
    """Tokens before the end of sentence is allowed."""
    no_repeat_ngram: Natural = 0
    """Length of the n-grams that may not occur twice; 0: off."""
    n_best: Count = 1
    """Hypotheses returned, at most `beam`."""

    def __post_init__(self):
        check(self)
        if self.n_best > self.beam:
            raise UserError(f"n_best is {self.n_best}: it must be at most beam = {self.beam}")

    @property
    def width(self):
        """Hypotheses that the search carries for each input."""
        return self.beam

    def greedy(self) -> Greedy:
        """Greedy search under the same constraints."""
        return Greedy(self.min_length, self.no_repeat_ngram)


Search = Greedy | Sampling | Beam


def record(search: Search):
    """A search in plain types, as stored in the JSON of an evaluation."""
    if isinstance(search, Beam):
        return asdict(search)
    name = type(search).__name__.lower()
    return name if search == Greedy() else {name: asdict(search)}
