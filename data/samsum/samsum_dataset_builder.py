"""SAMSum: messenger-like dialogues with short summaries (Gliwa et al. 2019).

A line of a document is what one speaker says, "Name: text". The public copy, one archive, has no
test split. RAW_DATA may also have its two files as train.csv.gz and validation.csv.gz.
"""

import csv
import io
import os
import pathlib

import tensorflow_datasets as tfds

from data import DataError, archives, sources

COMMIT = "2f0667ae14107fd27badc69e5ba41194ebb91ad8"
URL = f"https://github.com/dfangkai/transformer/raw/{COMMIT}/data/samsum.zip"
FILES = {"train": "train.csv", "validation": "validation.csv"}


class Builder(tfds.core.GeneratorBasedBuilder):
    """14,731 / 818 dialogues, 94 words and summaries of 20 words on average."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        keys = ("id", "document", "summary")
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://arxiv.org/abs/1911.12237",
            citation="""@inproceedings{gliwa-etal-2019-samsum,
  title = {{SAMS}um Corpus: A Human-annotated Dialogue Dataset for Abstractive Summarization},
  author = {Gliwa, Bogdan and Mochol, Iwona and Biesek, Maciej and Wawer, Aleksander},
  booktitle = {Proceedings of the 2nd Workshop on New Frontiers in Summarization},
  year = {2019}}""",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        splits, left_out = {}, 0
        for split, name in FILES.items():
            rows = list(csv.DictReader(io.StringIO(self._text(name), newline="")))
            if not rows or not {"id", "dialogue", "summary"} <= set(rows[0]):
                raise DataError(f"samsum {name}: no columns id, dialogue, summary: replace it")
            splits[split] = [clean(row) for row in rows if row["dialogue"] and row["summary"]]
            left_out += len(rows) - len(splits[split])
        self.info.metadata["left out"] = {"empty": left_out}
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _text(self, name):
        local = pathlib.Path(os.environ.get("RAW_DATA") or ".", "samsum", f"{name}.gz")
        if os.environ.get("RAW_DATA") and local.is_file():
            return sources.gunzip(local).decode()
        archive = sources.raw_file("samsum", "samsum.zip", URL, None, self.data_dir_root)
        return archives.unzip(archive, name).decode()

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def clean(row):
    lines = [sources.squeeze(line) for line in row["dialogue"].splitlines()]
    return {
        "id": row["id"],
        "document": "\n".join(filter(None, lines)),
        "summary": sources.squeeze(row["summary"]),
    }
