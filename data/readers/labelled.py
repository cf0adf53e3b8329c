"""Reads texts with labels: those of a set, or your own tables."""

from typing import NamedTuple

import data
from data import DataError
from data.messages import shown
from data.readers import tables
from data.store import Store

COUNTED = 10_000  # different texts, which no set of labels has


class Example(NamedTuple):
    text: str
    label: str


def of_set(name, split, config=None, data_dir=None):
    """A `Store` of all Examples of one split of a classification set.

    Raises: DataError as `data.rows` does, and for a set without labels.
    """
    names = labels_of_set(name, config, data_dir)
    rows = data.rows(name, config or None, split, data_dir)
    return Store((Example(row["text"].decode(), names[row["label"]]) for row in rows), Example)


def labels_of_set(name, config=None, data_dir=None) -> list[str]:
    """The names of a set's labels, in its own order.

    Raises: DataError as `data.builder` does, and for a set without labels.
    """
    features = data.builder(name, config or None, data_dir).info.features
    if not {"text", "label"} <= set(features):
        raise DataError(f"data set {name} holds no texts with labels")
    return list(features["label"].names)


def of_file(path, text="text", label="label"):
    """Examples of your own table; in JSON a label may also be a number, true or false.

    Returns and raises as `tables.read` does; also raises DataError where there are fewer different
    texts than labels, as when the columns are swapped.
    """
    flags = "--data.text-field", "--data.label-field"
    texts, labels = set(), set()

    def parse(values):
        example = _example(values)
        if len(texts) < COUNTED:
            texts.add(example.text)
            labels.add(example.label)
        return example

    examples, report = tables.read(path, (text, label), flags, parse, Example)
    if len(texts) < len(labels):
        raise DataError(
            f"{path} has only {len(texts)} different text{'s' * (len(texts) > 1)} (as "
            f"{shown(min(texts))}) with {len(labels)} different labels: are {shown(text)} and "
            f"{shown(label)} swapped? Choose them by {' and '.join(flags)}"
        )
    return examples, report


def _example(values):
    text, label = values
    if isinstance(label, float) and label.is_integer():  # pandas writes 1.0 where some are missing
        label = int(label)
    if isinstance(label, bool | int):
        label = str(label).lower()
    if not isinstance(text, str) or not isinstance(label, str):
        raise ValueError("not text")
    found = Example(" ".join(text.split()), " ".join(label.split()))
    if not all(found):
        raise ValueError("empty")
    return found
