"""Types that state the limits of a field: `units: Count`, `dropout: Rate`.

`check` validates the values of a dataclass against the limits of its field types.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Annotated, get_type_hints

from .errors import UserError


class Limits:
    """The limits of a field, as metadata of its type."""

    def wrong(self, value):
        """A description of what is wrong with a value; "" for a valid value."""
        raise NotImplementedError


@dataclass(frozen=True)
class Range(Limits):
    """The numbers from `low` (exclusive if `above`) to `high` (exclusive if `below`)."""

    low: float
    high: float = math.inf
    above: bool = False
    below: bool = False

    def __contains__(self, value):
        if not math.isfinite(value):
            return False
        low = self.low < value if self.above else self.low <= value
        return low and (value < self.high if self.below else value <= self.high)

    def __str__(self):
        low = f"{'above' if self.above else 'at least'} {self.low}"
        if self.high == math.inf:
            return low
        return f"{low} and {'below' if self.below else 'at most'} {self.high}"

    def wrong(self, value):
        return "" if value in self else f"it must be {self}"


Count = Annotated[int, Range(1)]
Natural = Annotated[int, Range(0)]
Positive = Annotated[float, Range(0, above=True)]
Weight = Annotated[float, Range(0)]
Share = Annotated[float, Range(0, 1)]
Seed = Annotated[int, Range(0, 2**32 - 1)]
Rate = Annotated[float, Range(0, 1, below=True)]


def check(config, path=""):
    """Raises UserError for the first value of a dataclass out of its limits; checks nested
    dataclasses as well.

    The values of a tuple are checked individually, as in Annotated[tuple[int, ...], Range(1)].
    """
    kinds = get_type_hints(type(config), include_extras=True)
    for field in dataclasses.fields(config):
        value, name = getattr(config, field.name), path + field.name
        if dataclasses.is_dataclass(value):
            check(value, f"{name}.")
        for limits in getattr(kinds[field.name], "__metadata__", ()):
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(limits, Limits) and (wrong := limits.wrong(one)):
                    raise UserError(f"{name} is {one}: {wrong}")
