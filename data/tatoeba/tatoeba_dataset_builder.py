"""Tatoeba: short everyday sentences with translations, as selected by manythings.org/anki.

The split follows a hash of the English sentence without case and punctuation, so that all
translations of one English sentence are in one split. Exact repetitions are left out.
"""

import tensorflow_datasets as tfds

from data import DataError, archives, sources

LANGUAGES = ("fra", "deu", "cmn")


class Builder(tfds.core.GeneratorBasedBuilder):
    """English with French, German or Chinese; 96 / 2 / 2 %; only white space is normalised."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=f"eng-{other}") for other in LANGUAGES]

    @classmethod
    def languages(cls) -> list[str]:
        return ["eng", *LANGUAGES]

    @classmethod
    def config_for(cls, source, target) -> str:
        if "eng" not in (source, target):
            raise DataError(
                f"data set tatoeba has no pair {source}-{target}: one of the two must be eng"
            )
        return f"eng-{target if source == 'eng' else source}"

    def _info(self):
        keys = ["id", *self.builder_config.name.split("-")]
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://www.manythings.org/anki/",
            citation="""@misc{tatoeba,
  title = {Tab-delimited bilingual sentence pairs from the Tatoeba project},
  howpublished = {manythings.org/anki and tatoeba.org, CC BY 2.0}}""",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        other = self.builder_config.name.split("-")[1]
        # No checksum: the site updates these files from time to time, and then counts change.
        path = sources.raw_file(
            "tatoeba",
            f"{other}-eng.zip",
            f"https://www.manythings.org/anki/{other}-eng.zip",
            None,
            self.data_dir_root,
        )
        lines = archives.unzip(path, f"{other}.txt").decode().split("\n")
        rows: dict[tuple[str, str], str] = {}
        broken = repeated = 0
        for number, line in enumerate(lines, start=1):
            columns = [sources.squeeze(c) for c in line.removesuffix("\r").split("\t")[:2]]
            if len(columns) < 2 or not all(columns):
                broken += bool(line.strip())
            elif tuple(columns) in rows:
                repeated += 1
            else:
                rows[tuple(columns)] = f"{other}-{number:06d}"
        if not rows:
            raise DataError(f"{path} holds no tab-separated pairs: replace or delete it")
        self.info.metadata["left out"] = {"repeated pair": repeated, "not two columns": broken}
        splits = {"train": [], "validation": [], "test": []}
        for (english, foreign), name in rows.items():
            split = sources.split_of(sources.sentence_key(english), 0.02, 0.02)
            splits[split].append({"id": name, "eng": english, other: foreign})
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)
