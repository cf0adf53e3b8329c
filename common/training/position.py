"""Where a training stands, to the step."""

import dataclasses
import time


@dataclasses.dataclass
class Position:
    """Where a training stands; part of every checkpoint."""

    epoch: int = 0
    batch: int = 0  # updates made in this epoch
    step: int = 0  # updates made in all
    first_loss: float | None = None  # mean loss of the first update
    best: float | None = None  # score of best.npz
    record: float | None = None  # best score at the end of an epoch
    record_loss: float = 0.0  # its loss, which decides between equal scores
    bad_validations: int = 0  # since the best one
    plateau_scale: float = 1.0
    validated: int = 0  # step of the last validation
    seconds: float = 0.0  # spent training, over all starts
    finished: str = ""  # why training is over

    def __post_init__(self):
        self.started = time.monotonic() - self.seconds

    def stored(self):
        """For a checkpoint; counts the seconds of this start."""
        self.seconds = round(time.monotonic() - self.started, 3)
        return dataclasses.asdict(self)
