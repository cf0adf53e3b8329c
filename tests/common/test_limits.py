from dataclasses import dataclass, field
from typing import Annotated

import pytest

from common.config import Count, Natural, Positive, Range, Rate, Share, Weight, check
from common.errors import UserError


@dataclass
class Inner:
    units: Count = 1
    dropout: Rate = 0.0
    widths: Annotated[tuple[int, ...], Range(2)] = (2, 3)


@dataclass
class Outer:
    name: str = ""
    limit: Natural = 0
    rate: Positive = 1e-9
    weight: Weight = 0.0
    share: Share = 1.0
    inner: Inner = field(default_factory=Inner)


def test_the_ends_of_each_range_are_inside():
    check(Outer())
    check(Outer(share=0.0, inner=Inner(units=10**9, dropout=0.999)))


@pytest.mark.parametrize(
    "config, message",
    [
        (Outer(limit=-1), "limit is -1: it must be at least 0"),
        (Outer(rate=0.0), "rate is 0.0: it must be above 0"),
        (Outer(weight=-0.5), "weight is -0.5: it must be at least 0"),
        (Outer(weight=float("nan")), "weight is nan: it must be at least 0"),
        (Outer(weight=float("inf")), "weight is inf: it must be at least 0"),
        (Outer(share=1.01), "share is 1.01: it must be at least 0 and at most 1"),
        (Outer(inner=Inner(units=0)), "inner.units is 0: it must be at least 1"),
        (
            Outer(inner=Inner(dropout=1.0)),
            "inner.dropout is 1.0: it must be at least 0 and below 1",
        ),
        (Outer(inner=Inner(widths=(3, 1))), "inner.widths is 1: it must be at least 2"),
    ],
)
def test_what_is_outside_is_named_with_its_range(config, message):
    with pytest.raises(UserError) as error:
        check(config)
    assert str(error.value) == message
