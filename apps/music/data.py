"""Data set or people's own MIDI files -> pieces -> batches."""

from typing import NamedTuple

import numpy as np

import data as sets
from apps.music.batches import RollBatches, VoiceBatches
from common.music import HOLD, keys, rolls

VOICES = ("soprano", "alto", "tenor", "bass")


class Piece(NamedTuple):
    """One piece; `notes` in the note code `[time, voices]`, or a roll uint8 `[time, 88]`."""

    id: str
    notes: np.ndarray
    bar: int = 16  # steps; of a roll without meaning
    pickup: int = 0
    key: int = -1  # 0 to 23 as in common.music.keys


def read_pieces(config, split):
    """Pieces of "train", "validation" or "test" of a run's configuration."""
    read = {"chorales": _chorales, "polyphonic": _rolls}
    if config.data.name not in read:
        known = ", ".join(read)
        raise sets.DataError(f"music is not trained on {config.data.name!r}: take one of {known}")
    pieces = read[config.data.name](config.data, split)
    pieces = pieces[: config.data.limit] if config.data.limit else pieces
    is_roll = pieces[0].notes.dtype == np.uint8
    if config.model.kind == "frames" and not is_roll:  # quarter notes, as the published rolls
        pieces = [piece._replace(notes=rolls.roll(piece.notes)[::4]) for piece in pieces]
    elif config.model.kind == "voices" and is_roll:
        raise sets.DataError(
            f"{config.data.name} has no voices, only rolls: take --model.kind frames"
        )
    return pieces


def _chorales(config, split):
    pieces = []
    for row in sets.rows("chorales", None, split):
        notes = row["notes"]
        key = keys.estimate(rolls.pitch_classes(notes))
        facts = int(row["bar"]), int(row["pickup"]), key
        pieces.append(Piece(row["id"].decode(), notes, *facts))
    return pieces


def _rolls(config, split):
    found = sets.rows("polyphonic", config.config or "jsb", split)
    return [Piece(row["id"].decode(), row["roll"]) for row in found]


def ranges(pieces):
    """Lowest and highest MIDI number of each voice: int `[voices, 2]`."""
    notes = np.concatenate([piece.notes for piece in pieces])
    if notes.dtype == np.uint8:
        used = np.flatnonzero(notes.any(0))
        return [[21 + int(used[0]), 21 + int(used[-1])]]
    voices = [column[column > HOLD] for column in notes.T]
    return [[int(voice.min()), int(voice.max())] for voice in voices]


def make_batches(config, pieces, limits, *, training=True, given=None):
    """Batches of the run's kind.

    Args:
        limits: `ranges` of the training pieces: transposition stays inside.
        training: with transposition, crops, and voices hidden by chance.
        given: without training, which voices are given, such as (1, 0, 0, 0).
    """
    kind = {"frames": RollBatches, "voices": VoiceBatches}[config.model.kind]
    return kind(config, pieces, limits, training, given)
