"""bAbI: 20 tasks of question answering over small simulated stories (Weston et al. 2015), in
English, 1,000 training questions per task.

The last tenth of the training stories of each task is the validation split. A support is the
number of a sentence, not of a line. In RAW_DATA all files are in babi/babi_en_1k.tar.gz.
"""

import os
import pathlib

import tensorflow_datasets as tfds

from data import DataError, archives, sources
from data.readers import stories
from data.readers.lines import decoded

COMMIT = "f32f9531ba4230a7accc06b467c53d4d7322f62f"
URL = f"https://raw.githubusercontent.com/harvardnlp/MemN2N/{COMMIT}/babi_data/en/"
CHECKSUMS = pathlib.Path(__file__).with_name("checksums.txt")  # sha256 and name of the 40 files
TASKS = [str(number) for number in range(1, 21)]


class Builder(tfds.core.GeneratorBasedBuilder):
    """20 x 900 / 100 / 1,000 questions (nearly: stories are kept whole); `all`, or one task."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in ("all", *TASKS)]

    def _info(self):
        keys = ("id", "story", "question", "answer", "kind", "support")
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://arxiv.org/abs/1502.05698",
            citation="""@article{weston2015towards,
  title = {Towards {AI}-Complete Question Answering: A Set of Prerequisite Toy Tasks},
  author = {Weston, Jason and Bordes, Antoine and Chopra, Sumit and Rush, Alexander M. and
            van Merri{\\"e}nboer, Bart and Joulin, Armand and Mikolov, Tomas},
  journal = {arXiv:1502.05698}, year = {2015}}""",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        digests = {}
        for line in CHECKSUMS.read_text().splitlines():
            digest, name = line.split()
            if self.builder_config.name in ("all", name.removeprefix("qa").split("_")[0]):
                digests[name] = digest
        splits = {"train": [], "validation": [], "test": []}
        for name, content in self._contents(digests).items():
            task, _, part = name.removesuffix(".txt").removeprefix("qa").rpartition("_")
            found, report = stories.parse(
                map(decoded, content.splitlines()), task.replace("_", " ")
            )
            if report.kept < report.total or not found:
                raise DataError(f"babi {name}: {report}: replace the file")
            cut = len(found) - (len(found) // 10 if part == "train" else 0)
            for number, story in enumerate(found):
                split = part if number < cut else "validation"
                splits[split] += [
                    {"id": f"{name} {number + 1}.{n}", **stories.as_row(example)}
                    for n, example in enumerate(story, start=1)
                ]
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _contents(self, digests):
        """name -> bytes of the files named."""
        archive = pathlib.Path(os.environ.get("RAW_DATA") or ".", "babi", "babi_en_1k.tar.gz")
        if os.environ.get("RAW_DATA") and archive.is_file():
            found = archives.members(archive, lambda name: name.rsplit("/", 1)[-1] in digests)
            found = {name.rsplit("/", 1)[-1]: content for name, content in found}
            if missing := digests.keys() - found:
                raise DataError(f"{archive} lacks {', '.join(sorted(missing))}: replace it")
            return {name: found[name] for name in digests}
        return {
            name: sources.raw_file(
                "babi", name, URL + name, digest, self.data_dir_root
            ).read_bytes()
            for name, digest in digests.items()
        }

    def _generate_examples(self, rows):
        yield from enumerate(rows)
