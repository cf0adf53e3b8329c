"""Questions about stories from a small simulated world, of seven kinds: where somebody or
something is, who has it, how many things somebody carries, yes or no, where somebody was before,
who gave what to whom.

Made by a seeded generator (simulation.py), so nothing is downloaded; each split has a seed of its
own. Training leaves out the examples that are also in another split.
"""

import numpy as np
import tensorflow_datasets as tfds

from data.readers import stories
from data.world.simulation import KINDS, example

COUNTS = {"train": 70000, "validation": 1000, "test": 2000}
SMALL = {"train": 1000, "validation": 100, "test": 100}


class Builder(tfds.core.GeneratorBasedBuilder):
    """70,000 / 1,000 / 2,000 questions, each with a story of 3 to 14 sentences; `small`: fewer."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in ("all", "small")]

    def _info(self):
        keys = ("id", "story", "question", "answer", "kind", "support")
        return self.dataset_info_from_configs(
            description=__doc__,
            citation="",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        counts = SMALL if self.builder_config.name == "small" else COUNTS
        splits = {
            split: [
                example(random, KINDS[number % len(KINDS)])
                for random in [np.random.default_rng([2015, seed])]
                for number in range(counts[split])
            ]
            for seed, split in enumerate(counts)
        }
        known = {made.text for split in ("validation", "test") for made in splits[split]}
        kept = [made for made in splits["train"] if made.text not in known]
        left_out = len(splits["train"]) - len(kept)
        self.info.metadata["left out"] = {"also in another split": left_out}
        splits["train"] = kept
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, examples):
        for number, made in enumerate(examples):
            yield number, {"id": str(number), **stories.as_row(made)}
