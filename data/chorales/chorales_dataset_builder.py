"""Four-part chorales of Johann Sebastian Bach, voices kept apart, on a grid of sixteenths.

They come with the package music21, as MusicXML. Of scores with instruments only the four singing
parts are used. The split follows a hash of the BWV number; versions of one setting, which share two
thirds of their notes after transposition, stay together (other settings of the same melody need
not). Scores without four voices, very long ones and repetitions are left out.
"""

import re

import numpy as np
import tensorflow_datasets as tfds

from data import DataError, sources
from data.chorales import musicxml, versions

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
LONGEST = 512  # sixteenths; the few longer ones are not plain chorales


class Builder(tfds.core.GeneratorBasedBuilder):
    """390 chorales in all; about 80 / 10 / 10 %.

    `notes` is int32 `[time, 4]` (soprano, alto, tenor, bass): a MIDI number where a note begins, 1
    where it is held, 0 for a rest. `bar` and `pickup` are counted in sixteenths.
    """

    VERSION = tfds.core.Version("1.1.0")

    def _info(self):
        scalar = tfds.features.Scalar(dtype=np.int32)
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://www.music21.org",
            citation="""@inproceedings{cuthbert-ariza-2010-music21,
  title = {music21: A Toolkit for Computer-Aided Musicology and Symbolic Music Data},
  author = {Cuthbert, Michael Scott and Ariza, Christopher},
  booktitle = {ISMIR}, year = {2010}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "notes": tfds.features.Tensor(shape=(None, 4), dtype=np.int32),
                    "fifths": scalar,
                    "bar": scalar,
                    "pickup": scalar,
                }
            ),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        splits = {"train": [], "validation": [], "test": []}
        left_out = {"not four voices": 0, "repeated": 0, "too long": 0}
        rows, heard = [], []
        for path in _files():
            row = _chorale(path)
            if row is None:
                left_out["not four voices"] += 1
                continue
            if len(row["notes"]) > LONGEST:
                left_out["too long"] += 1
                continue
            sounding = versions.sounding(row["notes"])
            if any(versions.shared(sounding, other) >= versions.REPEATED for other in heard):
                left_out["repeated"] += 1
                continue
            rows.append(row)
            heard.append(sounding)
        for row, first in zip(rows, versions.groups(heard), strict=True):
            number = re.match(r"bwv[\d.]+\d", rows[first]["id"])[0]
            splits[sources.split_of(number, validation=0.1, test=0.1)].append(row)
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def _files():
    folder = sources.packaged("chorales", "music21", "corpus/bach")
    files = sorted(folder.glob("bwv*.mxl"))
    if not files:
        raise DataError(f"there are no chorales in {folder}: install music21 again")
    return files


def _chorale(path):
    score = musicxml.read(path)
    parts = [[p for p in score.parts if p.name.split()[:1] == [voice]] for voice in VOICES]
    if all(len(named) == 1 for named in parts):
        parts = [named[0] for named in parts]
    elif len(score.parts) == 4:
        parts = score.parts
    else:
        return None
    steps = int(max(part.end for part in parts) * musicxml.STEPS_PER_QUARTER)
    notes = musicxml.grid(parts, steps)
    if (notes == 0).mean(0).max() > 0.5:  # a voice that is silent most of the time
        return None
    return {
        "id": path.stem,
        "notes": notes,
        "fifths": score.fifths,
        "bar": int(score.bar * musicxml.STEPS_PER_QUARTER),
        "pickup": int(score.pickup * musicxml.STEPS_PER_QUARTER),
    }
