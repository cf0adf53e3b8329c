"""What `evaluate` prints: likelihoods, and how composed pieces compare with the data's."""

import numpy as np

from apps.music.wish import Wish
from common.metrics import Score
from common.music import FREE, measures, rolls

LEAST = 1e-4  # probability of a key that the training set never has


def likelihoods(composer, pieces):
    """Label -> Score, mean nll in nats of a frame or a token."""
    found = composer.likelihoods(pieces)
    if composer.kind == "frames":
        frames = sum(len(piece.notes) - 1 for piece in pieces)
        how = f"nats a frame|frames 2..T|keys:88 summed|frames:{frames}|pieces:{len(pieces)}"
        return {"nll": Score("nll", found["loss"], how)}
    del found["loss"]
    how = "nats a token (voice and sixteenth, holds included)|pieces:" + str(len(pieces))
    return {
        f"nll_{name}": Score(f"nll_{name}", value, f"{how}|{GIVEN[name]}")
        for name, value in found.items()
    }


GIVEN = {"compose": "given: nothing", "harmonise": "given: the first voice"}


def marginal(composer, training, pieces):
    """The nll of knowing only how often each key sounds: what any model has to beat."""
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


def compose(composer, pieces, wish=None):
    """For each piece one by the model: its melody harmonised, or its first 8 frames continued."""
    wish, composed = wish or Wish(), []
    for piece in pieces:
        if composer.kind == "frames":
            steps = max(len(piece.notes), 9)
            asked = Wish(bars=steps, bar=1, temperature=wish.temperature, seed=wish.seed)
            given = piece.notes[:8]
        else:
            asked = Wish(
                bar=piece.bar,
                pickup=piece.pickup,
                temperature=wish.temperature,
                seed=wish.seed,
            )
            given = np.full_like(piece.notes, FREE)
            given[:, 0] = np.clip(piece.notes[:, 0], 0, None)
        composed.append(composer.compose(given, asked)[0].notes)
    return composed


def music(composer, composed, pieces, training):
    """Label -> Score of the composed pieces; those of the data stand beside them as `..._data`."""
    code = [rolls.notes_of_roll(p) for p in composed] if composer.kind == "frames" else composed
    real = [p.notes for p in pieces]
    real = [rolls.notes_of_roll(p) for p in real] if composer.kind == "frames" else real
    shares = {"in_key": measures.in_key, "silence": measures.silence}
    if composer.kind == "voices":
        shares["voice_crossings"] = measures.voice_crossings
    found = {}
    for side, group in (("", code), ("_data", real)):
        for name, measure in shares.items():
            found[name + side] = Score(name, 100 * measure(group), "percent")
        if composer.kind == "voices":
            found["parallel_fifths" + side] = Score(
                "parallel fifths", measures.parallel_fifths(group), "a hundred moves"
            )
            found["longest_note" + side] = Score(
                "longest note", measures.longest_note(group), "steps"
            )
        found["self_repetition" + side] = Score(
            "self repetition", 100 * measures.self_repetition(group), "percent|windows of 16 steps"
        )
    if composer.kind == "voices":
        share = 100 * measures.in_range(code, composer.pipeline.limits)
        found["in_range"] = Score("in range", share, "percent|ranges of the training set")
        same = [np.asarray(piece.notes) for piece in training]
        found["longest_copy"] = Score(
            "longest copy", measures.longest_copy(code, same), "steps|all voices, same key"
        )
    for name in ("pitch_class_histogram", "interval_histogram"):
        measure = getattr(measures, name)
        value = 100 * measures.overlap(measure(code), measure(real))
        found[name] = Score(name, value, "percent overlap with the data")
    return found
