"""Data set or people's own MIDI files -> pieces -> batches."""

from typing import NamedTuple

import numpy as np

import data as sets
from apps.music import midi_folder
from apps.music.band import styles
from apps.music.band.network import TRACKS
from apps.music.batches import RollBatches
from apps.music.voices.batches import BandBatches, VoiceBatches
from common.music import ABSENT, HOLD, keys, rolls

VOICES = ("soprano", "alto", "tenor", "bass")


class Piece(NamedTuple):
    """One piece; `notes` in the note code `[time, voices]`, or a roll uint8 `[time, 88]`."""

    id: str
    notes: np.ndarray
    bar: int = 16  # steps; of a roll without meaning
    pickup: int = 0
    key: int = -1  # 0 to 23 as in common.music.keys
    after: int = 0  # steps of the piece behind these, where it was cropped
    more: tuple = ()  # of the band: style, tempo, density, see apps/music/band/styles.py


def read_pieces(config, split):
    """Pieces of "train", "validation" or "test" of a run's configuration."""
    read = {"chorales": _chorales, "polyphonic": _rolls, "band": _band}
    if config.data.folder and config.model.kind == "band":
        raise sets.DataError("the band is trained on its own sets: take --model.kind voices")
    if config.data.folder:
        return [Piece(*facts) for facts in midi_folder.read_folder(config, split)]
    if config.data.name not in read:
        known = ", ".join(read)
        raise sets.DataError(f"music is not trained on {config.data.name!r}: take one of {known}")
    pieces = read[config.data.name](config.data, split)
    if config.data.limit and config.data.name != "band":  # which limits each of its sets
        pieces = pieces[: config.data.limit]
    is_roll = pieces[0].notes.dtype == np.uint8
    if config.model.kind == "frames" and not is_roll:  # quarter notes, as the published rolls
        pieces = [piece._replace(notes=rolls.roll(piece.notes)[::4]) for piece in pieces]
    elif config.model.kind != "frames" and is_roll:
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


def _band(config, split):
    """Pieces of five tracks (melody, chords, three of drums) of the sets that data.config names."""
    pieces = []
    for name in (config.config or "nottingham,pop909,groove").split(","):
        rows = sets.rows(name, None, split)
        if name == "groove":
            found = [_drums(row) for row in rows if row["kind"] == b"beat"]
            if split == "train":  # tunes have other metres than this set
                found += [_three_beats(piece) for piece in found]
        else:
            found = [_tune(name, row) for row in rows]
        pieces += found[: config.limit] if config.limit else found
    if all((piece.notes[:, 0] == ABSENT).all() for piece in pieces):
        raise sets.DataError(
            f"{config.config} has no melodies, which the band begins with: name nottingham or "
            "pop909 beside it"
        )
    return pieces


def _drums(row):
    drums = row["drums"]
    notes = np.concatenate([np.full([len(drums), 2], ABSENT, np.int32), drums], 1)
    density = styles.density((drums > 0).any(1).mean(), drums=True)
    more = (styles.style(row["style"].decode()), styles.tempo(row["tempo"]), density)
    return Piece(f"groove/{row['id'].decode()}", notes, more=more)


def _three_beats(piece):
    """Drums in 4/4 without the last beat of each bar."""
    kept = piece.notes[np.arange(len(piece.notes)) % 16 < 12]
    return piece._replace(id=piece.id + "/3", notes=kept, bar=12)


def _tune(name, row):
    notes = np.full([len(row["melody"]), 5], ABSENT, np.int32)
    notes[:, 0], notes[:, 1] = row["melody"], row["chords"]
    bar, pickup = int(row["bar"]), int(row["pickup"])
    key = keys.estimate(rolls.pitch_classes(notes[:, :1]))
    notes, pickup = without_rests(notes, bar, pickup)
    style = styles.style(row["style"].decode() if "style" in row else "pop")
    tempo = styles.tempo(row["tempo"]) if "tempo" in row else -1
    more = (style, tempo, styles.density((notes[:, 0] > HOLD).mean()))
    return Piece(f"{name}/{row['id'].decode()}", notes, bar, pickup, key, more=more)


def without_rests(notes, bar, pickup):
    """(notes, pickup) of a tune without the bars before its melody, nor those after the first in
    which it is silent: what accompanies them, which nobody wants composed, is not in the sets."""
    number = (np.arange(len(notes)) - pickup) // bar
    heard = np.isin(number, number[rolls.sounding(notes[:, :1])[:, 0] > 0])
    first = int(np.argmax(heard))
    after_heard = heard | np.isin(number, number[heard] + 1)
    kept = after_heard & (np.arange(len(notes)) >= first)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept, [0]])))
    parts = [rolls.cut(notes, *span) for span in edges.reshape(-1, 2)]
    return np.concatenate(parts), 0 if first else pickup


def ranges(pieces):
    """What each voice may have: its lowest and highest MIDI number, or, for the band's chords and
    drums, whose numbers are names, the list of all."""
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
        training: with transposition, crops, and voices hidden by chance.
        given: without training, which voices are given, such as (1, 0, 0, 0).
    """
    kinds = {"frames": RollBatches, "voices": VoiceBatches, "band": BandBatches}
    kind = kinds[config.model.kind]
    return kind(config, pieces, limits, training, given)
