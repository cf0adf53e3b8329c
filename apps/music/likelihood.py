"""Mean negative log-likelihoods of a split, without padding and whatever the batches."""

import numpy as np
import tensorflow as tf

from apps.music import dataset
from apps.music.band.network import LAYERS


class Likelihood:
    """Call: pieces -> {"loss": nats, ...}; traced once, for the validations of a training.

    frames: "loss" is the nll of a frame, frames 2 to T. voices: `compose` with nothing given and
    `harmonise` with the first voice given, a token, and their mean. band: that of each layer, and
    of a token of any.
    """

    def __init__(self, pipeline):
        self.pipeline, self._run = pipeline, None

    def __call__(self, pieces):
        limits, kind = self.pipeline.limits, self.pipeline.kind
        if kind != "voices":
            sums = self._sums(pieces, None)
            scores = {"loss": _mean(sums.sum(0))}
            if kind == "band":
                rows = zip(LAYERS, sums, strict=True)
                scores |= {name: _mean(row) for name, row in rows if row[1]}
            return scores
        first = np.eye(len(limits), dtype=np.int32)[0]
        cases = {"compose": 0 * first, "harmonise": first}
        scores = {name: _mean(self._sums(pieces, given)[0]) for name, given in cases.items()}
        return {"loss": sum(scores.values()) / len(scores)} | scores

    def _sums(self, pieces, given):
        """float `[layers, 2]`: nll and scored frames or tokens."""
        config, model = self.pipeline.config, self.pipeline.model
        limits = self.pipeline.limits
        batches = dataset.make_batches(config, pieces, limits, training=False, given=given)

        def losses(arrays):
            if self.pipeline.kind == "band":
                return model.layer_losses(arrays)
            return tf.stack(model.token_losses(arrays, training=False)[:2])[None]

        self._run = self._run or tf.function(losses, input_signature=[batches.signature])
        return sum(self._run(batches.arrays(batch)).numpy() for batch in batches.order(0))


def _mean(row):
    return float(row[0] / max(row[1], 1))
