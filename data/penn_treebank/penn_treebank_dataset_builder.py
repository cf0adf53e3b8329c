"""Penn Treebank (Wall Street Journal) for language models, as prepared by T. Mikolov.

Lower-cased, numbers as N, words beyond the 10,000 most frequent as <unk>; a row is a sentence, with
single spaces between words. Published figures per word count an end of sentence for each row.
"""

import tensorflow_datasets as tfds

from data import archives, sources

COMMIT = "e26dff5d8f4b5d07ee459f192ee2131923d7584f"
URL = f"https://raw.githubusercontent.com/timbmg/RNNLM/{COMMIT}/data/ptb.zip"
SHA256 = "6957baa63e145820032f12d3f1e6f4ba71789c3f5dbf289902bc3f0a96beef7a"
FILES = {"train": "ptb.train.txt", "validation": "ptb.valid.txt", "test": "ptb.test.txt"}


class Builder(tfds.core.GeneratorBasedBuilder):
    """929,589 / 73,760 / 82,430 words, ends of sentences included."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://catalog.ldc.upenn.edu/LDC99T42",
            citation="""@inproceedings{mikolov2010recurrent,
  title = {Recurrent neural network based language model},
  author = {Mikolov, Tomas and Karafiat, Martin and Burget, Lukas and Cernocky, Jan and
            Khudanpur, Sanjeev}, booktitle = {Interspeech}, year = {2010}, pages = {1045--1048}}""",
            features=tfds.features.FeaturesDict({"text": tfds.features.Text()}),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = sources.raw_file("penn_treebank", "ptb.zip", URL, SHA256, self.data_dir_root)
        texts = {split: archives.unzip(path, file).decode() for split, file in FILES.items()}
        return {split: self._generate_examples(text) for split, text in texts.items()}

    def _generate_examples(self, text):
        for number, line in enumerate(text.removesuffix("\n").split("\n")):
            yield number, {"text": line.strip()}
