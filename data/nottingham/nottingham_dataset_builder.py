"""The Nottingham Music Database: British and American folk tunes, melody with chords.

Cleaned and converted to MIDI by Jukedeck. The style of a tune is that of its file. A tune begins
with its pickup. The split follows a hash of the tune's name.
"""

import re

import numpy as np
import tensorflow_datasets as tfds

from data import DataError, archives, sources
from data.readers import chords, midi_files

COMMIT = "0992bb6cd864f6d4b90d6663e08c0ef53ffaa08f"
URL = f"https://github.com/jukedeck/nottingham-dataset/archive/{COMMIT}.tar.gz"
STYLES = {
    "ashover": "ashover",
    "hpps": "hornpipe",
    "jigs": "jig",
    "morris": "morris",
    "playford": "playford",
    "reels": "reel",
    "slip": "slip jig",
    "waltzes": "waltz",
    "xmas": "carol",
}
LONGEST = 2048  # sixteenths


class Builder(tfds.core.GeneratorBasedBuilder):
    """About 1,000 tunes; 80 / 10 / 10 %.

    `melody` is int32 `[time]` on a grid of sixteenths: a MIDI number where a note begins, 1 where
    it is held, 0 for a rest; `chords` the same with the numbers of data/readers/chords.py. `bar`
    and `pickup` are counted in sixteenths.
    """

    VERSION = tfds.core.Version("1.0.1")

    def _info(self):
        scalar = tfds.features.Scalar(dtype=np.int32)
        track = tfds.features.Tensor(shape=(None,), dtype=np.int32)
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/jukedeck/nottingham-dataset",
            citation="""@misc{nottingham, title = {The Nottingham Music Database, cleaned},
  author = {Foxley, Eric and Jukedeck}, note = {GPL 3}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "style": tfds.features.Text(),
                    "melody": track,
                    "chords": track,
                    "bar": scalar,
                    "pickup": scalar,
                }
            ),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = sources.raw_file(
            "nottingham", "nottingham_midi.tar.gz", URL, data_dir=self.data_dir_root
        )
        splits = {"train": [], "validation": [], "test": []}
        left_out = {"no chords": 0, "too long": 0, "not on the grid": 0}
        for name, content in archives.members(path, re.compile(r"(.*/)?MIDI/[^/]+\.mid").fullmatch):
            name = name.rsplit("/", 1)[-1].removesuffix(".mid")
            row = _tune(name, midi_files.read(name, content), left_out)
            if row:
                splits[sources.split_of(name, validation=0.1, test=0.1)].append(row)
        if not splits["train"]:
            raise DataError(f"{path} holds no tunes with chords: replace or delete it")
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def _tune(name, midi, left_out):
    if len(midi.tracks) != 2:
        left_out["no chords"] += 1
        return None
    melody, accompaniment = (track.notes for track in midi.tracks)
    steps = round(4 * max(note[1] for note in melody + accompaniment))
    if steps > LONGEST:
        left_out["too long"] += 1
        return None
    if sum(abs(4 * note[0] - round(4 * note[0])) > 0.05 for note in melody) > len(melody) / 10:
        left_out["not on the grid"] += 1
        return None
    together = {}
    for start, end, pitch, _ in accompaniment:
        together.setdefault((round(4 * start), round(4 * end)), []).append(pitch)
    spans = [(*span, chords.of_pitches(pitches)) for span, pitches in sorted(together.items())]
    notes, bar = midi_files.grid(melody, steps), round(4 * midi.bar)
    lead = int(np.flatnonzero(notes)[0])  # silence before the pickup, where chords may sound
    spans = [(max(start - lead, 0), end - lead, number) for start, end, number in spans]
    return {
        "id": name,
        "style": next(STYLES[stem] for stem in STYLES if name.startswith(stem)),
        "melody": notes[lead:],
        "chords": chords.grid(spans, steps - lead),
        "bar": bar,
        "pickup": -lead % bar,
    }
