"""Tiny Shakespeare: 40,000 lines of plays, the sample text of char-rnn; a row is a line.

The first 90 % of the lines are for training, then 5 % for validation and 5 % for the test.
"""

import tensorflow_datasets as tfds

from data import sources

COMMIT = "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e"
URL = f"https://raw.githubusercontent.com/karpathy/char-rnn/{COMMIT}/data/tinyshakespeare/input.txt"


class Builder(tfds.core.GeneratorBasedBuilder):
    """1,115,394 characters, 65 distinct: speakers' names, speeches, empty lines between them."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/karpathy/char-rnn",
            citation="""@misc{karpathy2015charrnn, title = {char-rnn},
  author = {Karpathy, Andrej}, year = {2015}, howpublished = {github.com/karpathy/char-rnn}}""",
            features=tfds.features.FeaturesDict({"text": tfds.features.Text()}),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = sources.raw_file("tiny_shakespeare", "input.txt.gz", URL, None, self.data_dir_root)
        lines = sources.content(path).decode().removesuffix("\n").split("\n")
        first, second = len(lines) * 90 // 100, len(lines) * 95 // 100
        splits = {
            "train": lines[:first],
            "validation": lines[first:second],
            "test": lines[second:],
        }
        return {split: self._generate_examples(part) for split, part in splits.items()}

    def _generate_examples(self, lines):
        for number, line in enumerate(lines):
            yield number, {"text": line}
