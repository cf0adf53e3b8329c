"""The splits of an app's data: those of a set, or of your own files."""

import sys

import numpy as np

from data import SPLITS, DataError
from data.messages import printable
from data.sources import hash_of, sentence_key
from data.store import taken


def first(examples, count):
    return examples[:count]


def read_split(config, split, of_set, of_files, hold_out, option="--file", few=first):
    """Reads "train", "validation", "test", or another split that a set has.

    Args:
        config: with `train` (your own files; empty: a data set), `validation` and `test`, and
            `limit` (the most training examples to use; 0: all).
        of_set: split -> examples.
        of_files: (files, the split they were given for) -> examples. Where that is not `split`,
            they are read for the second time.
        hold_out: examples -> (those to learn, those to validate), when there are no files for
            validation.
        option: the flag by which `evaluate` takes a file.
        few: (examples, limit) -> the examples to use.

    Raises: DataError for an unknown split, and for a test split without test files.
    """
    if not config.train:
        examples = of_set(split)
    elif split not in SPLITS:
        raise DataError(f"no split {split!r}: your own files have {', '.join(SPLITS)}")
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
    """A `hold_out` of one in `count` different texts, at least one, drawn by their hashes.

    Examples whose texts differ only in case, punctuation and spacing stay together, so that none
    is both learned and validated.

    Args:
        what: the noun for an example, in the error when all have the same text.
        text: example -> the text that identifies it.
    """

    def hold_out(examples):
        keys = np.array([hash_of(sentence_key(text(example))) for example in examples])
        drawn = np.unique(keys)
        if len(drawn) < 2:
            raise DataError(
                f"there is one usable {what}, not counting repetitions: at least one to learn and "
                "one to validate are needed"
            )
        held = keys < drawn[max(1, len(drawn) // count)]
        return tuple(taken(examples, np.flatnonzero(part)) for part in (~held, held))

    return hold_out


def last_part(count):
    """A `hold_out` of the last one in `count` lines of a text, which stays in one piece.

    Blank lines at the end of the text belong to neither part.
    """

    def hold_out(lines):
        end = len(lines)
        while end and not lines[end - 1].strip():
            end -= 1
        cut = end - max(1, end // count)
        if not any(line.strip() for line in lines[: max(0, cut)]):
            raise DataError(
                "the text is a single line, of which none can be held out: "
                "give --data.validation, or break it into lines"
            )
        return lines[:cut], lines[cut:end]

    return hold_out


def print_left_out(files, found, tell=True):
    """The examples of (examples, Report); what was left out of the files is printed on stderr."""
    examples, report = found
    for note in report.notes if tell else ():
        print(f"note: {printable(note)}", file=sys.stderr)
    if tell and report.kept < report.total:
        names = files if isinstance(files, str) else ", ".join(files)
        print(printable(f"{names}: {report}"), file=sys.stderr)
    return examples
