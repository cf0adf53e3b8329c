"""The result type of every metric."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """The value of a metric, comparable only with values of the same signature."""

    name: str
    value: float
    signature: str

    def __str__(self) -> str:
        return f"{self.name} {self.value:.2f} ({self.signature})"
