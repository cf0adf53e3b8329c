"""The position of a training: epoch, step and scores, as stored in checkpoints."""

import dataclasses
import time

from .best_score import BestScore

NUMBER = int | float | None
TYPES = {
    int: ("epoch", "batch", "step", "validated", "bad_validations"),
    NUMBER: ("first_loss", "plateau_scale", "seconds", "best", "record", "record_loss"),
    str: ("finished",),
}


@dataclasses.dataclass
class Position:
    """The position of a training; part of every checkpoint."""

    epoch: int = 0
    batch: int = 0  # updates made in this epoch
    step: int = 0  # updates made in total
    first_loss: float | None = None  # mean loss of the first update
    plateau_scale: float = 1.0
    validated: int = 0  # step of the last validation
    seconds: float = 0.0  # training time, over all starts
    finished: str = ""  # the reason why training has ended
    scores: BestScore = dataclasses.field(default_factory=BestScore)

    def __post_init__(self):
        self.started = time.monotonic() - self.seconds

    def stored(self):
        """The metadata of a checkpoint, a flat dict with the fields of `scores` merged in.

        Updates `seconds` first.
        """
        self.seconds = round(time.monotonic() - self.started, 3)
        fields = dataclasses.asdict(self)
        del fields["scores"]
        return fields | self.scores.stored()

    @classmethod
    def read(cls, stored, lower_is_better):
        """The position stored in a checkpoint.

        Args:
            stored: the metadata, from `stored`.
            lower_is_better: of the score.

        Raises:
            TypeError: the metadata has unknown fields, or values of other types.
        """
        for kind, names in TYPES.items():
            for name in names:
                value = stored.get(name)
                if not (isinstance(value, kind) and not isinstance(value, bool)) and name in stored:
                    raise TypeError(f"{name} is {value!r}")
        scores = {name: stored[name] for name in BestScore().stored() if name in stored}
        others = {name: value for name, value in stored.items() if name not in scores}
        return cls(**others, scores=BestScore(lower_is_better, **scores))
