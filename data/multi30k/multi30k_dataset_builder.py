"""Multi30k, task 1: captions of Flickr30k pictures in English, German and French."""

import tensorflow_datasets as tfds

from data import DataError, sources

COMMIT = "a3d2e0d26b56f3846f66a952536ffed4e401d05a"
URL = f"https://raw.githubusercontent.com/multi30k/dataset/{COMMIT}/data/task1/raw/"
# The test split that most papers report is test_2016_flickr.
FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
SHA256 = {
    "train.en": "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
    "train.de": "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    "train.fr": "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c",
    "val.en": "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
    "val.de": "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
    "val.fr": "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9",
    "test_2016_flickr.en": "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
    "test_2016_flickr.de": "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
    "test_2016_flickr.fr": "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90",
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """29,000 / 1,014 / 1,000 sentences, each in en, de and fr: cased and untokenised."""

    VERSION = tfds.core.Version("1.0.0")

    @classmethod
    def languages(cls) -> list[str]:
        return ["en", "de", "fr"]

    @classmethod
    def config_for(cls, source, target) -> None:
        return None  # one configuration holds all languages

    def _info(self):
        keys = ["id", *self.languages()]
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/multi30k/dataset",
            citation="""@inproceedings{elliott-etal-2016-multi30k,
  title = {Multi30{K}: Multilingual {E}nglish-{G}erman Image Descriptions},
  author = {Elliott, Desmond and Frank, Stella and Sima'an, Khalil and Specia, Lucia},
  booktitle = {Proceedings of the 5th Workshop on Vision and Language},
  year = {2016}, pages = {70--74}}""",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        # All files are read before the first example is written.
        return {
            split: self._generate_examples(split, self._columns(stem))
            for split, stem in FILES.items()
        }

    def _columns(self, stem: str) -> dict[str, list[str]]:
        columns = {}
        for language in self.languages():
            name = f"{stem}.{language}"
            path = sources.raw_file(
                "multi30k",
                f"task1/raw/{name}.gz",
                f"{URL}{name}.gz",
                SHA256[name],
                self.data_dir_root,
            )
            lines = sources.gunzip(path).decode().removesuffix("\n").split("\n")
            columns[language] = [sources.squeeze(line) for line in lines]
        counts = {language: len(column) for language, column in columns.items()}
        if len(set(counts.values())) > 1:
            raise DataError(
                f"multi30k {stem}: files of unequal length {counts}: replace or delete them"
            )
        return columns

    def _generate_examples(self, split, columns):
        for number, row in enumerate(zip(*columns.values(), strict=True), start=1):
            name = f"{split}-{number:05d}"
            yield number, {"id": name, **dict(zip(columns, row, strict=True))}
