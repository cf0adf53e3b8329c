"""Chinese quatrains (jueju): four lines of five or seven characters, of the Tang and the Song.

Training: the four-line poems of chinese-poetry, in simplified characters. Validation and test:
those of the THU Chinese Classical Poetry Corpus (CCPC). Training leaves out the poems that are also
in these two parts of CCPC, so that scores on CCPC are scores on unseen poems.
"""

import json
import os
import pathlib

import tensorflow_datasets as tfds

from data import DataError, sources

COMMIT = "0a53d6a29c1dc5e3f69de446e8c94b28b3b2437b"
CCPC = f"https://raw.githubusercontent.com/THUNLP-AIPoet/Datasets/{COMMIT}/CCPC/"
HELD_OUT = {"validation": "ccpc_valid_v1.0.json", "test": "ccpc_test_v1.0.json"}
KEYS = ("text", "title", "author", "dynasty")


class Builder(tfds.core.GeneratorBasedBuilder):
    """92,139 / 7,979 / 9,976 poems; the text of one is `line，line。line，line。`."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/chinese-poetry/chinese-poetry",
            citation="""@inproceedings{guo2019jiuge,
  title = {Jiuge: A Human-Machine Collaborative {C}hinese Classical Poetry Generation System},
  author = {Zhipeng Guo and others}, booktitle = {ACL System Demonstrations}, year = {2019}}""",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in KEYS}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        splits = {}
        for split, name in HELD_OUT.items():
            path = sources.raw_file("ccpc", f"{name}.gz", CCPC + name, None, self.data_dir_root)
            splits[split] = _poems(path)
        seen = {row["text"] for rows in splits.values() for row in rows}
        poems = _poems(_collected("tang")) + _poems(_collected("song"))
        splits["train"] = [row for row in poems if row["text"] not in seen]
        self.info.metadata["left out"] = {"poem of CCPC": len(poems) - len(splits["train"])}
        return {
            split: self._generate_examples(splits[split])
            for split in ("train", "validation", "test")
        }

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def _collected(dynasty):
    name = f"chinese_quatrains/quatrains_{dynasty}.jsonl.gz"
    path = pathlib.Path(os.environ.get("RAW_DATA") or "", name)
    if not path.is_file():
        raise DataError(
            f"quatrains needs {name} in the folder RAW_DATA: JSON lines with dynasty, author, "
            "title, content (lines of a poem separated by |), out of github.com/chinese-poetry"
        )
    return path


def _poems(path):
    """Rows of a JSON Lines file, whose `content` has the four lines of a poem separated by |."""
    rows = []
    for number, line in enumerate(sources.content(path).decode().splitlines(), start=1):
        try:
            poem = json.loads(line)
            one, two, three, four = poem["content"].split("|")
        except (ValueError, KeyError) as error:
            raise DataError(
                f"{path} line {number} is not a poem of four lines: replace it"
            ) from error
        text = f"{one}，{two}。{three}，{four}。"
        rows.append({"text": text, **{key: poem.get(key, "") for key in KEYS[1:]}})
    return rows
