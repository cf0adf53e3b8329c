"""Graded Chinese sentences (HSK 3.0 levels 1 to 6) with English translation and pinyin.

They come with the package hsk-sentences-audio. The split follows a hash of the Chinese sentence
without punctuation; repeated sentences are kept once, and those whose English was never filled in
("placeholder", "placeholder-q1", "PH" in release 1.0.0) are left out.
"""

import re

import numpy as np
import tensorflow_datasets as tfds

from data import DataError, sources

NOT_FILLED_IN = re.compile(r"placeholder(-\w+)?|PH(-\w+)?")


class Builder(tfds.core.GeneratorBasedBuilder):
    """4,354 sentences in all, simplified characters, without spaces; 90 / 5 / 5 %."""

    VERSION = tfds.core.Version("1.0.0")

    @classmethod
    def languages(cls) -> list[str]:
        return ["zh", "en"]

    @classmethod
    def config_for(cls, source, target) -> None:
        return None

    def _info(self):
        features = {key: tfds.features.Text() for key in ("id", "zh", "en", "pinyin")}
        features["level"] = tfds.features.Scalar(dtype=np.int32)
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://github.com/no7z/hsk-sentences-audio",
            citation="""@misc{hsk_sentences_audio,
  title = {hsk-sentences-audio: graded Chinese sentences}, note = {CC BY-SA 4.0}}""",
            features=tfds.features.FeaturesDict(features),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        try:
            from hsk_sentences_audio import load_sentences
        except ImportError as error:
            raise DataError(
                "the hsk set needs the package hsk-sentences-audio: pip install hsk-sentences-audio"
            ) from error
        splits = {"train": [], "validation": [], "test": []}
        seen, left_out = set(), {"repeated sentence": 0, "no translation": 0}
        for card in load_sentences():
            row = {
                "id": card["id"],
                "zh": sources.squeeze(card["chinese"]),
                "en": sources.squeeze(card["translation"]["en"]),
                "pinyin": sources.squeeze(card["pinyin"]),
                "level": card["hsk_level"],
            }
            key = sources.sentence_key(row["zh"])
            if not row["zh"] or not row["en"] or NOT_FILLED_IN.fullmatch(row["en"]):
                left_out["no translation"] += 1
            elif key in seen:
                left_out["repeated sentence"] += 1
            else:
                seen.add(key)
                splits[sources.split_of(key, validation=0.05, test=0.05)].append(row)
        self.info.metadata["left out"] = left_out
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)
