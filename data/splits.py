"""The splits of an app's data: those of a set, or of people's own files."""

import sys

import numpy as np

from data import SPLITS, DataError
from data.sources import hash_of, sentence_key
from data.store import taken


def first(examples, count):
    return examples[:count]


def read_split(config, split, of_set, of_files, hold_out, option="--file", few=first):
    """The examples of "train", "validation", "test", or of another split that a set has.

    Args:
        config: with `train` (people's own files; empty: a data set), `validation` and `test`, and
            `limit` (use only so many training examples; 0: all).
        of_set: split -> examples.
        of_files: (files, the split they were given for) -> examples. Where that is not `split`,
            they are read for the second time.
        hold_out: examples -> (those to learn, those to validate), where people give no files to
            validate with.
        option: that `evaluate` takes a file by.
        few: (examples, limit) -> those that are used.
    """
    if not config.train:
        examples = of_set(split)
    elif split not in SPLITS:
        raise DataError(f"no split {split!r}: of own files there are {', '.join(SPLITS)}")
    elif split != "train" and (files := getattr(config, split)):
        examples = of_files(files, split)
    elif split == "test":
        raise DataError(
            f"the run has no test files: give --data.test when training, or evaluate {option}"
        )
    else:
        examples = of_files(config.train, "train")
        if not config.validation:
            examples = hold_out(examples)[split == "validation"]
    if split != "train" or not config.limit:
        return examples
    used = few(examples, config.limit)
    if config.train and len(used) < len(examples):
        print(
            f"note: data.limit is {config.limit}: of {len(examples):,} training examples "
            f"{len(used):,} are used; --data.limit 0 takes them all",
            file=sys.stderr,
        )
    return used


def one_in(count, what, text):
    """A `hold_out` of one in `count` different texts, at least of one, drawn by their hashes.

    Examples whose texts differ in case, punctuation and spacing alone are not parted: what is
    validated was not learned.

    Args:
        what: an example, in the error when all have the same text.
        text: example -> the text by which it is told from others.
    """

    def hold_out(examples):
        keys = np.array([hash_of(sentence_key(text(example))) for example in examples])
        drawn = np.unique(keys)
        if len(drawn) < 2:
            raise DataError(
                f"there is one usable {what}, not counting repetitions: one to learn and one to "
                "validate are the least"
            )
        held = keys < drawn[max(1, len(drawn) // count)]
        return tuple(taken(examples, np.flatnonzero(part)) for part in (~held, held))

    return hold_out


def told(files, found, tell=True):
    """Examples out of (examples, Report); what was left out of the files is told on stderr."""
    examples, report = found
    if tell and report.kept < report.total:
        names = files if isinstance(files, str) else ", ".join(files)
        print(f"{names}: {report}", file=sys.stderr)
    return examples
