"""AESLC: e-mails with their subject lines (Zhang and Tetreault 2019), out of the Enron corpus.

`summary` is the subject that the writer gave; validation and test have three more, `summary_2` to
`summary_4`, by readers of the mail (empty in training). Line breaks are kept.
"""

import re

import tensorflow_datasets as tfds

from data import DataError, archives, sources

COMMIT = "7afc087a1cc234d07121f0d4a2d87102ddceabc2"
URL = f"https://github.com/ryanzhumich/AESLC/archive/{COMMIT}.tar.gz"
SPLITS = {"train": "train", "dev": "validation", "test": "test"}
NAME = re.compile(r"enron_subject_line/(\w+)/([^/]+)\.subject$")
MARK = re.compile(r"^@(subject|ann0|ann1|ann2) *$", re.MULTILINE)
FIELDS = {"subject": "summary", "ann0": "summary_2", "ann1": "summary_3", "ann2": "summary_4"}


class Builder(tfds.core.GeneratorBasedBuilder):
    """14,436 / 1,960 / 1,906 e-mails, 118 words and subjects of 4 words on average."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        keys = ("id", "document", *FIELDS.values())
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/ryanzhumich/AESLC",
            citation="""@inproceedings{zhang-tetreault-2019-email,
  title = {This Email Could Save Your Life: Introducing the Task of Email Subject Line Generation},
  author = {Zhang, Rui and Tetreault, Joel}, booktitle = {Proceedings of ACL}, year = {2019}}""",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        # No checksum: the site may repack the same files into different bytes.
        path = sources.raw_file("aeslc", "aeslc.tar.gz", URL, None, self.data_dir_root)
        splits = {split: [] for split in SPLITS.values()}
        left_out = 0
        for folder, name, text in mails(path):
            row = parse(text)
            if row["document"] and row["summary"]:
                splits[SPLITS[folder]].append({"id": name, **row})
            else:
                left_out += 1
        if not all(splits.values()):
            raise DataError(f"{path} lacks a part of AESLC: replace or delete it")
        self.info.metadata["left out"] = {"without text or subject": left_out}
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def mails(path):
    """(folder, name, text) of the archive's mails, sorted.

    Raises: DataError for a damaged archive.
    """
    found = []
    for full, content in archives.members(path, NAME.search):
        folder, name = NAME.search(full).groups()
        if folder in SPLITS:
            found.append((folder, name, content.decode("utf-8", "replace")))
    return sorted(found)


def parse(text):
    """Fields of a file: the mail, then lines `@subject`, `@ann0` ..., each followed by a text."""
    document, *rest = MARK.split(text)
    row = {"document": document.strip(), **dict.fromkeys(FIELDS.values(), "")}
    for mark, value in zip(rest[::2], rest[1::2], strict=True):
        row[FIELDS[mark]] = sources.squeeze(value)
    return row
