"""How composed pieces compare with those of the data, as `evaluate` prints it."""

from dataclasses import replace

import numpy as np

from apps.music.band import styles
from apps.music.request import Request
from common.lists import evenly_spaced
from common.metrics import Score
from common.music import ABSENT, FREE, keys, measures, rolls

PERCENT = {"self_repetition": "percent|windows of 16 sixteenths of the highest composed voice"}


def compose_like(composer, pieces, count, request=None):
    """Composes a counterpart for `count` of the pieces.

    It harmonises the piece's melody, continues its first 8 frames, or has a tune's style, metre and
    length (16 bars at most).

    Returns: (composed notes, notes of the pieces to compare them with: the same ones, and for the
        band all performances of drums, which no tune has).
    """
    request, drums = request or Request(), []
    if composer.kind == "band":
        drums = [piece for piece in pieces if piece.notes[0, 0] == ABSENT]
        pieces = [piece for piece in pieces if piece.notes[0, 0] != ABSENT]
    pieces, composed = evenly_spaced(pieces, count), []
    for number, piece in enumerate(pieces):
        given, asked = _task(composer, piece, request, number)
        steps = max(len(piece.notes), 9) if composer.kind == "frames" else 0
        composed.append(composer.compose(given, asked, steps=steps)[0].notes)
    return composed, [piece.notes for piece in [*pieces, *drums]]


def _task(composer, piece, request, number):
    """(notes that are given, Request) for the counterpart of a piece."""
    if composer.kind == "band":
        return composer.read(""), replace(
            request,
            bars=min(16, len(piece.notes) // piece.bar),
            bar=piece.bar,
            pickup=piece.pickup,
            key=keys.name(piece.key),
            style=styles.STYLES[piece.more[0]],
            seed=request.seed + number,
        )
    if composer.kind == "frames":
        return piece.notes[:8], request
    given = np.full_like(piece.notes, FREE)
    given[:, 0] = np.clip(piece.notes[:, 0], 0, None)
    return given, replace(request, bar=piece.bar, pickup=piece.pickup)


def measure_pieces(composer, composed, real, training):
    """Label -> Score of the composed pieces, and of those of the data under `..._data`.

    Args:
        composed, real: from `compose_like`.
    """
    measure = {"voices": voice_music, "frames": roll_music, "band": band_music}[composer.kind]
    return measure(composer, composed, real, training)


def voice_music(composer, composed, real, training):
    """The soprano was given, so single voices are measured on the three others only."""
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
    """Keys, silence and density of the frames."""
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
    """Of the data, tunes give the figures of melody and chords, beats those of drums."""
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
