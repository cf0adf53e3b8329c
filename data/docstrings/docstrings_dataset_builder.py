"""Docstrings of Python: their first line is the summary of the text below it.

From the source files of the standard library and of the packages that requirements.txt installs,
so counts depend on their versions (data/README.md has those of the published counts). Repeated
documents and summaries are left out. Whole modules are in one split, by a hash of the module's name
without its package, so that copies of a module stay together.
"""

import platform
import re

import tensorflow_datasets as tfds

from data import DataError, sources
from data.docstrings import collect

SUMMARY_WORDS = (3, 20)
DOCUMENT_WORDS = (12, 200)  # longer ones are cut off
OPENING = 10  # documents that begin with the same words are variants of each other
SMALL = (
    "asyncio",
    "email",
    "http",
    "logging",
    "unittest",
    "xml",
    "importlib",
    "json",
    "concurrent",
)
LETTERS = 0.6  # least share of letters in a document: no tables, no formulas


class Builder(tfds.core.GeneratorBasedBuilder):
    """About 11,000 documents of 12 to 200 words, summaries of 3 to 20 words; 90 / 5 / 5 %."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name="all", description="standard library and packages"),
        tfds.core.BuilderConfig(name="small", description="some of the standard library: seconds"),
    ]

    def _info(self):
        keys = ("id", "document", "summary")
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://docs.python.org/3/",
            citation="@misc{docstrings, title = {Docstrings of Python and of Python packages}}",
            features=tfds.features.FeaturesDict({key: tfds.features.Text() for key in keys}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        splits, left_out = select(found_docstrings(small=self.builder_config.name == "small"))
        if not all(splits.values()):
            raise DataError(
                "the docstrings set needs the source files of Python's standard library and of "
                "the packages of requirements.txt: install them (make setup)"
            )
        self.info.metadata["left out"] = left_out
        self.info.metadata["python"] = platform.python_version()
        return {split: self._generate_examples(rows) for split, rows in splits.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def found_docstrings(small=False):
    """Yields (id, module, docstring) of all source files, by package and module."""
    for package, root in collect.source_roots().items():
        if small and package != "python":
            continue
        for module, path in collect.source_files(root, SMALL if small else ("",)):
            for name, text in collect.docstrings(path):
                yield f"{package}.{module}:{name}", module, text


def select(docstrings):
    """(rows by split, {reason: number of docstrings left out})."""
    splits = {"train": [], "validation": [], "test": []}
    seen = set()
    left_out = {"no or too short text": 0, "no sentence": 0, "repeated": 0}
    for name, module, text in docstrings:
        summary, document = collect.split_docstring(text)
        words = document.split()
        if len(words) < DOCUMENT_WORDS[0]:
            left_out["no or too short text"] += 1
            continue
        if not (_is_sentence(summary) and _is_prose(document)):
            left_out["no sentence"] += 1
            continue
        keys = {
            ("summary", sources.sentence_key(summary)),
            ("document", sources.sentence_key(document)),
            ("opening", sources.sentence_key(" ".join(words[:OPENING]))),
        }
        if not seen.isdisjoint(keys):
            left_out["repeated"] += 1
            continue
        seen |= keys
        row = {"id": name, "document": " ".join(words[: DOCUMENT_WORDS[1]]), "summary": summary}
        key = module.removesuffix(".__init__").rsplit(".", 1)[-1].strip("_")
        splits[sources.split_of(key, validation=0.05, test=0.05)].append(row)
    return splits, left_out


def _is_sentence(text):
    fewest, most = SUMMARY_WORDS
    return (
        fewest <= len(text.split()) <= most
        and text[:1].isalpha()
        and not re.search(r"[{}|\\]|%\(|https?:|[Cc]opyright|:$", text)
        and _is_prose(text)
    )


def _is_prose(text):
    letters = sum(c.isalpha() for c in text)
    return text.isascii() and letters >= LETTERS * len(text) and not re.search(r"%\(\w+\)s", text)
