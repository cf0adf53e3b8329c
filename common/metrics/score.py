"""What every metric returns."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """A value that can be compared only with values of the same signature."""

    name: str
    value: float
    signature: str

    def __str__(self) -> str:
        return f"{self.name} {self.value:.2f} ({self.signature})"
