"""The Groove MIDI Dataset: ten drummers on an electronic kit, with style and tempo.

Performances in 4/4 on a grid of sixteenths, the kit reduced to nine voices as in the paper, in
three tracks, each of which plays one of its voices at a time: kick; snare and toms; cymbals.
The splits are the official ones. Loudness and timing off the grid are left out; so are ghost
notes, the half of the snare's strokes that are hardly heard: without loudness they would count as
much as the others.
"""

import csv
import re

import numpy as np
import tensorflow_datasets as tfds

from data import DataError, archives, sources
from data.readers import midi_files

URL = "https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip"
SHA256 = "651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e"
# The kit's MIDI number -> the General MIDI number of its voice (Gillick et al. 2019, table 6).
KICK, SNARE = {36: 36}, 38
DRUMS = {38: SNARE, 40: SNARE, 37: SNARE, 48: 50, 50: 50, 45: 47, 47: 47, 43: 43, 58: 43}
CYMBALS = {46: 46, 26: 46, 42: 42, 22: 42, 44: 42, 49: 49, 55: 49, 57: 49, 52: 49}
CYMBALS |= {51: 51, 59: 51, 53: 51}
GHOST = 40  # of a velocity up to 127: softer strokes of the snare are ghost notes
SHORTEST = 16  # sixteenths


class Builder(tfds.core.GeneratorBasedBuilder):
    """Performances of one bar or more.

    `drums` is int32 `[time, 3]`: a General MIDI drum number where a voice is hit, else 0; `kind` is
    "beat", a longer stretch, or "fill", a bar or two between beats.
    """

    VERSION = tfds.core.Version("1.2.0")
    RELEASE_NOTES = {
        "1.1.0": "Without ghost notes; with the kind of a performance.",
        "1.2.0": "Drum hits that are struck again before their note-off are kept.",
    }

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://magenta.tensorflow.org/datasets/groove",
            citation="""@inproceedings{gillick-2019-groove,
  title = {Learning to Groove with Inverse Sequence Transformations},
  author = {Gillick, Jon and Roberts, Adam and Engel, Jesse and Eck, Douglas and Bamman, David},
  booktitle = {ICML}, year = {2019}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "style": tfds.features.Text(),
                    "kind": tfds.features.Text(),
                    "tempo": tfds.features.Scalar(dtype=np.int32),
                    "drums": tfds.features.Tensor(shape=(None, 3), dtype=np.int32),
                }
            ),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = sources.raw_file("groove", "groove_midi.tar.gz", URL, SHA256, self.data_dir_root)
        files = dict(archives.members(path, re.compile(r"groove/.*(\.midi?|info\.csv)").fullmatch))
        if "groove/info.csv" not in files:
            raise DataError(f"{path} lacks groove/info.csv: replace or delete it")
        splits = {"train": [], "validation": [], "test": []}
        left_out = {"not in 4/4": 0, "shorter than a bar": 0}
        for facts in csv.DictReader(files["groove/info.csv"].decode().splitlines()):
            name = "groove/" + facts["midi_filename"]
            if facts["time_signature"] != "4-4":
                left_out["not in 4/4"] += 1
                continue
            if name not in files:
                raise DataError(f"{path} lacks {name}: replace or delete it")
            drums = _drums(midi_files.read(name, files[name]))
            if len(drums) < SHORTEST:
                left_out["shorter than a bar"] += 1
                continue
            style = facts["style"].partition("/")[0]
            row = {"id": facts["id"], "style": style, "kind": facts["beat_type"]}
            row |= {"tempo": int(facts["bpm"]), "drums": drums}
            splits[facts["split"]].append(row)
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def _drums(midi):
    """The loudest hit of each track in each sixteenth, to the end of the last bar begun."""
    hits = [note for track in midi.tracks for note in track.notes]
    steps = -(-(1 + round(4 * max(note[0] for note in hits))) // 16) * 16
    if round(4 * max(note[0] for note in hits)) % 16 == 0 and steps > 16:
        steps -= 16  # the closing hit on the first beat after the last bar
    cells, loudness = np.zeros([steps, 3], np.int32), np.zeros([steps, 3])
    for start, _, pitch, velocity in hits:
        if DRUMS.get(pitch) == SNARE and velocity < GHOST:
            continue
        step = round(4 * start)
        for track, kit in enumerate((KICK, DRUMS, CYMBALS)):
            if pitch in kit and step < steps and velocity > loudness[step, track]:
                cells[step, track], loudness[step, track] = kit[pitch], velocity
    return cells
