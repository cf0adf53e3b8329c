"""What `evaluate` prints: likelihoods, and how composed pieces compare with the data's."""

import numpy as np

from apps.music.band import styles
from apps.music.likelihood import Likelihood
from apps.music.request import Wish
from common.lists import evenly_spaced
from common.metrics import Score
from common.music import ABSENT, FREE, keys, measures, rolls

PERCENT = {"self_repetition": "percent|windows of 16 sixteenths of the highest composed voice"}
LEAST = 1e-4  # probability of a key that the training set never has


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


GIVEN = {"compose": "nothing", "harmonise": "the first voice"}
GIVEN |= {"melody": "nothing", "chords": "the melody", "drums": "nothing"}


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


def compose(composer, pieces, count, wish=None):
    """For `count` of the pieces one by the model: its melody harmonised, its first 8 frames
    continued, or a piece of a tune's style, metre and length (16 bars at most).

    Returns (composed notes, notes of the pieces that they stand beside: the same ones, and of the
    band all the performances of drums, which no tune has).
    """
    wish, composed, drums = wish or Wish(), [], []
    if composer.kind == "band":
        drums = [piece for piece in pieces if piece.notes[0, 0] == ABSENT]
        pieces = [piece for piece in pieces if piece.notes[0, 0] != ABSENT]
    pieces = evenly_spaced(pieces, count)
    for piece in pieces:
        if composer.kind == "band":
            asked = Wish(
                bars=min(16, len(piece.notes) // piece.bar),
                bar=piece.bar,
                pickup=piece.pickup,
                key=keys.name(piece.key),
                style=styles.STYLES[piece.more[0]],
                temperature=wish.temperature,
                seed=wish.seed + len(composed),
            )
            composed.append(composer("", asked).notes)
            continue
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
    return composed, [piece.notes for piece in [*pieces, *drums]]


def music(composer, composed, real, training):
    """Label -> Score of the composed pieces; those of the data stand beside them as `..._data`.

    Args:
        composed, real: what `compose` gave; of the band, `real` has drums of its own.
    """
    measure = {"voices": voice_music, "frames": roll_music, "band": band_music}[composer.kind]
    return measure(composer, composed, real, training)


def voice_music(composer, composed, real, training):
    """The soprano was given: what one voice is like is measured on the three others."""
    found = {}
    for side, whole in (("", composed), ("_data", real)):
        group = [notes[:, 1:] for notes in whole]
        for name in ("in_key", "silence", "self_repetition"):
            value = 100 * getattr(measures, name)(group)
            found[name + side] = Score(name, value, PERCENT.get(name, "percent"))
        value = measures.longest_note(group)
        found["longest_note" + side] = Score("longest note", value, "sixteenths")
        value = 100 * measures.voice_crossings(whole)
        found["voice_crossings" + side] = Score("voice crossings", value, "percent")
        value = measures.parallel_fifths(whole)
        found["parallel_fifths" + side] = Score("parallel fifths", value, "in a hundred moves")
    share = 100 * measures.in_range(composed, composer.pipeline.limits)
    found["in_range"] = Score("in range", share, "percent|ranges of the set")
    copied = measures.longest_copy(composed, [piece.notes for piece in training])
    found["longest_copy"] = Score("longest copy", copied, "sixteenths|all voices, same key")
    return found | overlaps(*([notes[:, 1:] for notes in group] for group in (composed, real)))


def roll_music(composer, composed, real, training):
    found = {}
    for side, group in (("", composed), ("_data", real)):
        frames = np.concatenate(group).sum(1)
        values = {
            "in_key": (100 * measures.in_key([rolls.notes_of_roll(roll) for roll in group])),
            "empty_frames": 100 * (frames == 0).mean(),
            "notes_a_frame": frames.mean(),
        }
        for name, value in values.items():
            how = "mean" if name == "notes_a_frame" else "percent"
            found[name + side] = Score(name, float(value), how)
    return found


def overlaps(composed, real, how=""):
    """Overlap of the histograms of pitch classes and of melodic steps with the data's."""
    found = {}
    for name in ("pitch_class_histogram", "interval_histogram"):
        measure = getattr(measures, name)
        value = 100 * measures.overlap(measure(composed), measure(real))
        found[name] = Score(name, value, "percent overlap with the data" + how)
    return found


def band_music(composer, composed, real, training):
    """Of melody, chords and drums; which of these a piece of the data has, its set decides."""
    tunes = [notes for notes in real if notes[0, 0] != ABSENT]
    beats = [notes for notes in real if notes[0, 2] != ABSENT]
    found = {}
    for side, melodies, drums in (("", composed, composed), ("_data", tunes, beats)):
        values = {
            "in_key": measures.in_key([notes[:, :1] for notes in melodies]),
            "chord_agreement": measures.chord_agreement(melodies),
            "self_repetition": measures.self_repetition(melodies),
            "silence": measures.silence([notes[:, :1] for notes in melodies]),
            "kicks_on_the_beat": measures.on_the_beat([notes[:, 2] for notes in drums]),
            "snares_on_the_beat": measures.on_the_beat([notes[:, 3] for notes in drums]),
        }
        for name, value in values.items():
            found[name + side] = Score(name, 100 * value, PERCENT.get(name, "percent"))
    melodies = ([notes[:, :1] for notes in group] for group in (composed, tunes))
    return found | overlaps(*melodies, "|melody")
