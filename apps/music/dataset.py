"""Reads the pieces of a data set or of your own MIDI files, and makes batches of them."""

import numpy as np

import data
from apps.music.band.dataset import read_band
from apps.music.band.network import TRACKS
from apps.music.batches import RollBatches
from apps.music.midi_folder import read_folder
from apps.music.piece import Piece
from apps.music.voices.batches import BandBatches, VoiceBatches
from common.music import HOLD, keys, rolls

VOICES = ("soprano", "alto", "tenor", "bass")


def read_pieces(config, split):
    """Pieces of "train", "validation" or "test" of a run's configuration.

    Raises: DataError for an unknown set, or a set or folder that does not fit `model.kind`.
    """
    read = {"chorales": _chorales, "polyphonic": _rolls, "band": read_band}
    if config.data.folder and config.model.kind == "band":
        raise data.DataError(
            "the band trains only on its own sets: for a folder take --model.kind voices"
        )
    if config.data.folder:
        return read_folder(config, split)
    if config.data.name not in read:
        known = ", ".join(read)
        raise data.DataError(f"there is no music set {config.data.name!r}: take one of {known}")
    pieces = read[config.data.name](config.data, split)
    if config.data.limit and config.data.name != "band":  # the band limits each of its sets
        pieces = pieces[: config.data.limit]
    is_roll = pieces[0].notes.dtype == np.uint8
    if config.model.kind == "frames" and not is_roll:  # quarter notes, as the published rolls
        pieces = [piece._replace(notes=rolls.roll(piece.notes)[::4]) for piece in pieces]
    elif config.model.kind != "frames" and is_roll:
        raise data.DataError(
            f"{config.data.name} has no voices, only rolls: take --model.kind frames"
        )
    return pieces


def _chorales(config, split):
    pieces = []
    for row in data.rows("chorales", None, split):
        notes = row["notes"]
        key = keys.estimate(rolls.pitch_classes(notes))
        pieces.append(Piece(row["id"].decode(), notes, int(row["bar"]), int(row["pickup"]), key))
    return pieces


def _rolls(config, split):
    rows = data.rows("polyphonic", config.config or "jsb", split)
    return [Piece(row["id"].decode(), row["roll"]) for row in rows]


def ranges(pieces):
    """What each voice may have: its lowest and highest MIDI number.

    The band's chords and drums have the list of all their numbers, which are names, not pitches.
    """
    notes = np.concatenate([piece.notes for piece in pieces])
    if notes.dtype == np.uint8:
        used = np.flatnonzero(notes.any(0))
        return [[21 + int(used[0]), 21 + int(used[-1])]]
    found = []
    for number, voice in enumerate(notes.T):
        used = np.unique(voice[voice > HOLD]).tolist() or [21, 108]
        named = len(notes.T) == len(TRACKS) and number and len(used) > 2
        found.append(used if named else [used[0], used[-1]])
    return found


def make_batches(config, pieces, limits, *, training=True, given=None):
    """Batches of the run's kind.

    Args:
        limits: `ranges` of the training pieces: transposition stays inside.
        training: with transposition, crops, and voices hidden at random.
        given: without training, which voices are given, such as (1, 0, 0, 0).
    """
    kinds = {"frames": RollBatches, "voices": VoiceBatches, "band": BandBatches}
    kind = kinds[config.model.kind]
    return kind(config, pieces, limits, training, given)
