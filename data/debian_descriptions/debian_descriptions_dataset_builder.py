"""Descriptions of Debian's packages: the first paragraph, and the one-line synopsis as its summary.

From the English package index of Debian 12 (main): documents of 12 to 150 words, without repeated
documents or summaries; 94 / 3 / 3 % by a hash of the summary. Families of packages with nearly the
same text cross the splits, so scores look better than on news.
"""

import bz2
import json
import os
import pathlib

import tensorflow_datasets as tfds

from data import sources

# The index changes with the point releases of Debian, hence without a checksum.
URL = "https://deb.debian.org/debian/dists/bookworm/main/i18n/Translation-en.bz2"
PREPARED = [f"summaries.{split}.jsonl.gz" for split in ("train", "validation", "test")]
WORDS = (12, 150)


class Builder(tfds.core.GeneratorBasedBuilder):
    """About 30,000 paragraphs of 33 words with summaries of 7 words on average."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        keys = ("id", "document", "summary")
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://www.debian.org/distrib/packages",
            citation="@misc{debian, title = {Package descriptions of Debian 12}}",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        splits = {"train": [], "validation": [], "test": []}
        seen, left_out = set(), {"too short or too long": 0, "repeated": 0}
        for row in sorted(self._rows(), key=lambda row: row["id"]):
            key = sources.sentence_key(row["summary"])
            keys = {("summary", key), ("document", sources.sentence_key(row["document"]))}
            if not (WORDS[0] <= len(row["document"].split()) <= WORDS[1] and row["summary"]):
                left_out["too short or too long"] += 1
            elif not seen.isdisjoint(keys):
                left_out["repeated"] += 1
            else:
                seen |= keys
                splits[sources.split_of(key, validation=0.03, test=0.03)].append(row)
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _rows(self):
        """Rows of the files in $RAW_DATA, which hold the same as JSON lines, else of the index."""
        folder = pathlib.Path(os.environ.get("RAW_DATA") or ".", "debian_descriptions")
        prepared = [folder / name for name in PREPARED]
        if os.environ.get("RAW_DATA") and all(path.is_file() for path in prepared):
            for path in prepared:
                for line in sources.gunzip(path).decode().splitlines():
                    row = json.loads(line)
                    yield {
                        "id": row["package"],
                        "document": sources.squeeze(row["document"]),
                        "summary": sources.squeeze(row["summary"]),
                    }
            return
        path = sources.raw_file(
            "debian_descriptions", "Translation-en.bz2", URL, None, self.data_dir_root
        )
        yield from index_rows(bz2.decompress(path.read_bytes()).decode())

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def index_rows(text):
    """Rows of a package index.

    A stanza has `Package:`, `Description-en: synopsis`, then paragraphs on lines that begin with a
    space, separated by lines ` .`.
    """
    for stanza in text.split("\n\n"):
        name = synopsis = ""
        paragraph, inside = [], False
        for line in stanza.split("\n"):
            if line.startswith("Package: "):
                name = line.removeprefix("Package: ").strip()
            elif line.startswith("Description-en: "):
                synopsis, inside = line.removeprefix("Description-en: "), True
            elif line.strip() == "." or not line.startswith(" "):
                inside = inside and not paragraph  # some begin with an empty paragraph
            elif inside:
                paragraph.append(line)
        if name and synopsis:
            yield {
                "id": name,
                "document": sources.squeeze(" ".join(paragraph)),
                "summary": sources.squeeze(synopsis),
            }
