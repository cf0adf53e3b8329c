"""POP909: melody and chords of popular songs arranged for piano.

Times are moved onto the annotated beats, so that a sixteenth is a quarter of a beat. The split
follows a hash of the song's number. No drums.
"""

import re

import numpy as np
import tensorflow_datasets as tfds

from data import DataError, archives, sources
from data.readers import chords, midi_files

COMMIT = "d83e6edba6872a704f5d3b8b32f5cb540088dae6"
URL = f"https://github.com/music-x-lab/POP909-Dataset/archive/{COMMIT}.tar.gz"
FILES = re.compile(r"(?:.*/)?POP909/(\d+)/(\d+\.mid|chord_midi\.txt|beat_midi\.txt)")


class Builder(tfds.core.GeneratorBasedBuilder):
    """909 songs; 80 / 10 / 10 %.

    `melody` and `chords` as in the nottingham set; `tempo` in beats a minute.
    """

    VERSION = tfds.core.Version("1.0.1")
    RELEASE_NOTES = {"1.0.1": "Times are exact: the ends of a few notes were rounded wrongly."}

    def _info(self):
        scalar = tfds.features.Scalar(dtype=np.int32)
        track = tfds.features.Tensor(shape=(None,), dtype=np.int32)
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/music-x-lab/POP909-Dataset",
            citation="""@inproceedings{wang-2020-pop909,
  title = {POP909: A Pop-song Dataset for Music Arrangement Generation},
  author = {Wang, Ziyu and Chen, Ke and Jiang, Junyan and Zhang, Yiyi and Xu, Maoran and
            Dai, Shuqi and Xia, Gus},
  booktitle = {ISMIR}, year = {2020}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "tempo": scalar,
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
        path = sources.raw_file("pop909", "pop909.tar.xz", URL, data_dir=self.data_dir_root)
        songs = {}
        for name, content in archives.members(path, FILES.fullmatch):
            number, file = FILES.fullmatch(name).groups()
            songs.setdefault(number, {})[file.replace(f"{number}.mid", "song.mid")] = content
        splits = {"train": [], "validation": [], "test": []}
        left_out = {"no melody track": 0}
        for number, files in songs.items():
            if len(files) != 3:
                raise DataError(f"{path}: song {number} is not whole: replace or delete it")
            row = _song(number, files)
            if row is None:
                left_out["no melody track"] += 1
            else:
                splits[sources.split_of(number, validation=0.1, test=0.1)].append(row)
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def _song(number, files):
    midi = midi_files.read(f"{number}.mid", files["song.mid"])
    melody = [track.notes for track in midi.tracks if track.name.upper() == "MELODY"]
    if not melody:
        return None
    beats = [line.split() for line in files["beat_midi.txt"].decode().splitlines() if line.strip()]
    times = np.array([float(beat[0]) for beat in beats])
    downbeats = np.flatnonzero([float(beat[2]) > 0 for beat in beats])
    length = float(np.median(np.diff(times)))
    # After the annotated beats, beats continue evenly.
    times = np.concatenate([times, times[-1] + length * np.arange(1, 65)])

    def step(seconds):
        return max(0, round(4 * float(np.interp(seconds, times, np.arange(len(times))))))

    second = 60 / midi.tempo
    notes = [(step(s * second) / 4, step(e * second) / 4, p, v) for s, e, p, v in melody[0]]
    rows = [line.split() for line in files["chord_midi.txt"].decode().splitlines() if line.strip()]
    spans = [(step(float(s)), step(float(e)), chords.of_label(label)) for s, e, label in rows]
    steps = int(max(4 * max(note[1] for note in notes), max(span[1] for span in spans)))
    beats_a_bar = int(np.median(np.diff(downbeats))) if len(downbeats) > 1 else 4
    return {
        "id": number,
        "tempo": round(60 / length),
        "melody": midi_files.grid(notes, steps),
        "chords": chords.grid(spans, steps),
        "bar": 4 * beats_a_bar,
        "pickup": int(4 * (downbeats[0] if len(downbeats) else 0)) % (4 * beats_a_bar),
    }
