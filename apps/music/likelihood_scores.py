"""Likelihoods of a split as `evaluate` prints them, with a model that every other has to beat."""

import numpy as np

from apps.music.likelihood import Likelihood
from common.metrics import Score

LEAST = 1e-4  # probability of a key that the training set never has
GIVEN = {"compose": "nothing", "harmonise": "the first voice"}
GIVEN |= {"melody": "nothing", "chords": "the melody", "drums": "nothing"}


def likelihoods(composer, pieces):
    """Label -> Score, mean nll in nats of a frame or a token."""
    found = Likelihood(composer.pipeline)(pieces)
    if composer.kind == "frames":
        frames = sum(len(piece.notes) - 1 for piece in pieces)
        how = f"nats a frame|frames 2..T|keys:88 summed|frames:{frames}|pieces:{len(pieces)}"
        return {"nll": Score("nll", found["loss"], how)}
    del found["loss"]
    how = "nats a token (voice and sixteenth, holds included)|pieces:" + str(len(pieces))
    return {
        f"nll_{name}": Score(f"nll_{name}", value, f"{how}|given: {GIVEN[name]}")
        for name, value in found.items()
    }


def marginal(composer, training, pieces):
    """{"nll_marginal": Score} of a baseline with only the frequency of each key; rolls only."""
    if composer.kind != "frames":
        return {}
    return {"nll_marginal": Score("nll", marginal_nll(training, pieces), "frames 2..T")}


def marginal_nll(training, pieces):
    """Mean over frames 2..T of the 88 binary cross-entropies under the training frequencies."""
    share = np.concatenate([piece.notes for piece in training]).mean(0)
    share = np.clip(share, LEAST, 1 - LEAST)
    frames = np.concatenate([piece.notes[1:] for piece in pieces]).astype(float)
    nll = -(frames * np.log(share) + (1 - frames) * np.log(1 - share)).sum(1)
    return float(nll.mean())
