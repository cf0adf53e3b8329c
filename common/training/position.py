"""Where a training stands, to the step."""

import dataclasses
import time

from .best_score import BestScore


@dataclasses.dataclass
class Position:
    """Where a training stands; part of every checkpoint."""

    epoch: int = 0
    batch: int = 0  # updates made in this epoch
    step: int = 0  # updates made in all
    first_loss: float | None = None  # mean loss of the first update
    plateau_scale: float = 1.0
    validated: int = 0  # step of the last validation
    seconds: float = 0.0  # spent training, over all starts
    finished: str = ""  # why training is over
    scores: BestScore = dataclasses.field(default_factory=BestScore)

    def __post_init__(self):
        self.started = time.monotonic() - self.seconds

    def stored(self):
        """The JSON of a checkpoint, with the fields of `scores` among the others; counts the
        seconds of this start."""
        self.seconds = round(time.monotonic() - self.started, 3)
        fields = dataclasses.asdict(self)
        del fields["scores"]
        return fields | self.scores.stored()

    @classmethod
    def read(cls, stored, lower_is_better):
        """The position of a checkpoint; errors: TypeError for fields that it does not have."""
        scores = {name: stored[name] for name in BestScore().stored() if name in stored}
        others = {name: value for name, value in stored.items() if name not in scores}
        return cls(**others, scores=BestScore(lower_is_better, **scores))
