"""Universal Dependencies treebanks: words with universal (upos) and language-specific tags (xpos).

english_ewt is the English Web Treebank, release 2.16; chinese_gsd the first version of Chinese GSD
(release 1.3, traditional characters), which later releases retagged. Splits are official.
"""

import dataclasses

import tensorflow_datasets as tfds

from data import DataError, sources
from data.readers import tagged_text

GITHUB = "https://raw.githubusercontent.com/UniversalDependencies/"
PARTS = {"train": "train", "validation": "dev", "test": "test"}


@dataclasses.dataclass(kw_only=True)
class Config(tfds.core.BuilderConfig):
    folder: str = ""  # under RAW_DATA
    address: str = ""
    stem: str = ""
    sha256: dict[str, str] = dataclasses.field(default_factory=dict)
    column: str = "upos"


ENGLISH = {
    "folder": "ud_english_ewt",
    "address": f"{GITHUB}UD_English-EWT/15d613d8447b3478787d4c278730a1e48a945efb/",
    "stem": "en_ewt",
    "sha256": {
        "train": "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
        "dev": "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
        "test": "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
    },
}
CHINESE = {
    "folder": "ud_chinese_gsd",
    "address": f"{GITHUB}UD_Chinese-GSD/9eab5182234b0429e5dd738cfe2a5626fef96e58/",
    "stem": "zh",
    "sha256": {
        "train": "94c1ad7f8f7d545169bafbef367852b965ec5eada13d614d8e8b6b9297ee6d0d",
        "dev": "574a2c826fc4207530be65b9cd9d8d9611a9749716ab1e3349ec681b93c7a42f",
        "test": "c5fe2733ca4a118725fc06d6a7dbce9952254a4a174f3bd75e13ab4d504e9970",
    },
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """A configuration for each treebank and kind of tag; english_ewt and chinese_gsd have upos."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        Config(name="english_ewt", **ENGLISH),
        Config(name="english_ewt_xpos", column="xpos", **ENGLISH),
        Config(name="chinese_gsd", **CHINESE),
        Config(name="chinese_gsd_xpos", column="xpos", **CHINESE),
    ]

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://universaldependencies.org",
            citation="""@article{nivre2020ud, title = {Universal Dependencies v2},
  author = {Nivre, Joakim and others}, journal = {LREC}, year = {2020}}""",
            features=tfds.features.FeaturesDict(
                {key: tfds.features.Text() for key in ("words", "tags", "text")}
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        # All files are read before the first example is written.
        parts = {split: self._sentences(part) for split, part in PARTS.items()}
        return {split: self._generate_examples(part) for split, part in parts.items()}

    def _sentences(self, part):
        config = self.builder_config
        name = f"{config.stem}-ud-{part}.conllu"
        # The files are compressed in RAW_DATA, but not at their address.
        path = sources.raw_file(
            config.folder,
            f"{name}.gz",
            config.address + name,
            config.sha256[part],
            self.data_dir_root,
        )
        lines = sources.content(path).decode().split("\n")
        sentences, report = tagged_text.of_conllu(lines, config.column)
        if not sentences or report.dropped:
            raise DataError(f"{path} is damaged, {report}: replace or delete it")
        return sentences

    def _generate_examples(self, sentences):
        yield from enumerate(map(tagged_text.row, sentences))
