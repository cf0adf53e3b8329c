"""Tracking of the best validation, independent of interruptions of the training."""

import dataclasses
import math
from typing import NamedTuple


class Decision(NamedTuple):
    """The consequences of a validation."""

    better: bool  # than the validations it is compared with
    keep: bool  # save the current weights as best.npz
    set_aside: bool  # before that, copy best.npz, which is the best planned validation


@dataclasses.dataclass
class BestScore:
    """The best validations so far.

    A validation is planned if every run of this configuration makes it: at the end of an epoch or
    of the training. A stop in mid-epoch is validated too, but its score counts only until the next
    planned validation, which is compared only with planned validations: a resumed run ends as if it
    had never been stopped.

    Ties, which are common on small validation sets, are broken by the lower loss. A score that is
    not finite is never better, but the first validation is kept in any case.
    """

    lower_is_better: bool = False
    best: float | None = None  # score of best.npz
    record: float | None = None  # best score of a planned validation
    record_loss: float = 0.0  # the loss of that validation
    bad_validations: int = 0  # planned validations since the record

    def observe(self, score, loss, planned) -> Decision:
        """Records a validation.

        Args:
            score: the validation score.
            loss: the validation loss, which breaks ties.
            planned: whether every run makes this validation.

        Returns:
            The `Decision` about the weights.
        """
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
        """The fields stored in a checkpoint: all but `lower_is_better`, which the app sets."""
        fields = dataclasses.asdict(self)
        del fields["lower_is_better"]
        return fields
