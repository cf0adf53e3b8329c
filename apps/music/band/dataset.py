"""Tunes with chords, and drums, as pieces of the band's five tracks."""

import numpy as np

import data
from apps.music.band import styles
from apps.music.piece import Piece
from common.music import ABSENT, HOLD, keys, rolls

SETS = "nottingham,pop909,groove"


def read_band(config, split):
    """Pieces of the band's five tracks, of the sets that `config.config` names.

    Raises: DataError when none of these sets has melodies.
    """
    pieces = []
    for name in (config.config or SETS).split(","):
        rows = data.rows(name, None, split)
        if name == "groove":
            found = [drums(row) for row in rows if row["kind"] == b"beat"]
            if split == "train":  # tunes have other metres than this set
                found += [three_beats(piece) for piece in found]
        else:
            found = [tune(name, row) for row in rows]
        pieces += found[: config.limit] if config.limit else found
    if all((piece.notes[:, 0] == ABSENT).all() for piece in pieces):
        raise data.DataError(
            f"{config.config} has no melodies, which the band begins with: add nottingham or pop909"
        )
    return pieces


def drums(row):
    """A row of the groove set as a piece without melody and chords."""
    hits = row["drums"]
    notes = np.concatenate([np.full([len(hits), 2], ABSENT, np.int32), hits], 1)
    density = styles.density((hits > 0).any(1).mean(), drums=True)
    more = (styles.style(row["style"].decode()), styles.tempo(row["tempo"]), density)
    return Piece(f"groove/{row['id'].decode()}", notes, more=more)


def three_beats(piece):
    """Drums in 4/4 without the last beat of each bar."""
    kept = piece.notes[np.arange(len(piece.notes)) % 16 < 12]
    return piece._replace(id=piece.id + "/3", notes=kept, bar=12)


def tune(name, row):
    """A row of the nottingham or pop909 set as a piece without drums."""
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
    """(notes, pickup) without the bars before the melody, and of each long rest only the first bar.

    The sets do not have the accompaniment that fills these bars, and they need not be composed.
    """
    number = (np.arange(len(notes)) - pickup) // bar
    heard = np.isin(number, number[rolls.sounding(notes[:, :1])[:, 0] > 0])
    first = int(np.argmax(heard))
    after_heard = heard | np.isin(number, number[heard] + 1)
    kept = after_heard & (np.arange(len(notes)) >= first)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept, [0]])))
    parts = [rolls.cut(notes, *span) for span in edges.reshape(-1, 2)]
    return np.concatenate(parts), 0 if first else pickup
