"""Mean negative log-likelihoods of a split, without padding and independent of the batches."""

import numpy as np

from apps.music import dataset
from apps.music.band.network import LAYERS
from common.training import Losses, summed


class Likelihood:
    """Call: pieces -> {"loss": nats, ...}.

    frames: "loss" is the nll per frame, frames 2 to T. voices: `compose` with nothing given and
    `harmonise` with the first voice given, per token, and their mean. band: the nll per token of
    each layer and of all.
    """

    def __init__(self, pipeline):
        self.pipeline = pipeline

    def __call__(self, pieces):
        model, kind = self.pipeline.model, self.pipeline.kind
        if kind == "band":
            layers = summed(model.layer_losses, self._batches(pieces))  # [layers, 2]
            scores = {"loss": _mean(*layers.sum(0))}
            rows = zip(LAYERS, layers, strict=True)
            return scores | {name: _mean(nll, tokens) for name, (nll, tokens) in rows if tokens}
        if kind == "frames":
            return {"loss": self._mean_nll(pieces)}
        first = np.eye(len(self.pipeline.limits), dtype=np.int32)[0]
        cases = {"compose": 0 * first, "harmonise": first}
        scores = {name: self._mean_nll(pieces, given) for name, given in cases.items()}
        return {"loss": sum(scores.values()) / len(scores)} | scores

    def _mean_nll(self, pieces, given=None):
        losses = Losses(*summed(self.pipeline.model.token_losses, self._batches(pieces, given)))
        return _mean(losses.nll, losses.tokens)

    def _batches(self, pieces, given=None):
        config, limits = self.pipeline.config, self.pipeline.limits
        return dataset.make_batches(config, pieces, limits, training=False, given=given)


def _mean(nll, tokens):
    return float(nll / max(tokens, 1))
