"""WikiText-2 (Merity et al. 2016): good and featured Wikipedia articles, as tokenised words.

Words beyond a vocabulary of 33,278 are <unk>; a row is a line of the file, headings (" = Title = ")
and empty lines included, since published figures count an end of line for each of them.
"""

import os
import pathlib

import tensorflow_datasets as tfds

from data import archives, sources

URL = "https://s3.amazonaws.com/research.metamind.io/wikitext/wikitext-2-v1.zip"
FILES = {
    "train": "wiki.train.tokens",
    "validation": "wiki.valid.tokens",
    "test": "wiki.test.tokens",
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """2,088,628 / 217,646 / 245,569 words, ends of lines included."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://arxiv.org/abs/1609.07843",
            citation="""@article{merity2016pointer, title = {Pointer Sentinel Mixture Models},
  author = {Merity, Stephen and Xiong, Caiming and Bradbury, James and Socher, Richard},
  journal = {arXiv:1609.07843}, year = {2016}}""",
            features=tfds.features.FeaturesDict({"text": tfds.features.Text()}),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        folder = pathlib.Path(os.environ.get("RAW_DATA") or ".", "wikitext2")
        if os.environ.get("RAW_DATA") and (folder / "wiki.train.tokens.gz").is_file():
            texts = {split: sources.gunzip(folder / f"{name}.gz") for split, name in FILES.items()}
        else:  # no checksum: the authors' address has moved more than once
            path = sources.raw_file("wikitext2", "wikitext-2-v1.zip", URL, None, self.data_dir_root)
            texts = {split: archives.unzip(path, name) for split, name in FILES.items()}
        return {split: self._generate_examples(text.decode()) for split, text in texts.items()}

    def _generate_examples(self, text):
        for number, line in enumerate(text.removesuffix("\n").split("\n")):
            yield number, {"text": line.strip()}
