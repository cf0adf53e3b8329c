"""The best validation of a training, whether or not it was stopped in between."""

import dataclasses
import math
from typing import NamedTuple


class Decision(NamedTuple):
    """The consequences of a validation."""

    better: bool  # than those it is compared with
    keep: bool  # best.npz gets the present weights
    set_aside: bool  # before that, best.npz, the best of the plan, is copied


@dataclasses.dataclass
class BestScore:
    """The best validations so far.

    A validation is planned if every run of this configuration makes it: at the end of an epoch or
    of the training. A stop in mid-epoch validates too. If its score is the best, it remains so only
    until the next planned validation, which is compared with planned ones alone: a resumed run ends
    as if it had never been stopped.

    Of two equal scores, which are common on small validation sets, the one with the lower loss is
    better. A score that is not finite is never better; the first validation is kept even so.
    """

    lower_is_better: bool = False
    best: float | None = None  # score of best.npz
    record: float | None = None  # best score of a planned validation
    record_loss: float = 0.0  # the loss of that validation
    bad_validations: int = 0  # planned ones since the record

    def observe(self, score, loss, planned) -> Decision:
        """Records a validation and decides what follows from it."""
        better = self._better(score, loss) if planned else self._above(score, self.best)
        keep = better or self.best is None
        set_aside = keep and not planned and self.record is not None
        if keep:
            self.best = score
        elif planned:
            self.best = self.record
        if planned and better:
            self.record, self.record_loss, self.bad_validations = score, loss, 0
        elif planned:
            self.bad_validations += 1
        return Decision(better, keep, set_aside)

    def _better(self, score, loss):
        equal = score == self.record and loss < self.record_loss
        return equal or self._above(score, self.record)

    def _above(self, score, other):
        if not math.isfinite(score):
            return False
        return other is None or (score < other if self.lower_is_better else score > other)

    def stored(self):
        """The fields of a checkpoint: all but `lower_is_better`, which is the app's."""
        fields = dataclasses.asdict(self)
        del fields["lower_is_better"]
        return fields
