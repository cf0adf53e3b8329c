"""The splits of an app's data: those of a set, or of people's own files."""

import sys

from data import DataError


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
    elif split != "train" and (files := getattr(config, split, "")):
        examples = of_files(files, split)
    elif split not in ("train", "validation"):
        raise DataError(
            f"the run has no {split} files: give --data.test when training, or evaluate {option}"
        )
    else:
        examples = of_files(config.train, "train")
        if not config.validation:
            examples = hold_out(examples)[split == "validation"]
    return few(examples, config.limit) if split == "train" and config.limit else examples


def one_in(count, what):
    """A `hold_out` of every count-th example, the first one among them."""

    def hold_out(examples):
        if len(examples) < 2:
            raise DataError(
                f"there is one usable {what}: one to learn and one to validate are the least"
            )
        return [e for n, e in enumerate(examples) if n % count], examples[::count]

    return hold_out


def told(files, found, tell=True):
    """Examples out of (examples, Report); what was left out of the files is told on stderr."""
    examples, report = found
    if tell and report.kept < report.total:
        names = files if isinstance(files, str) else ", ".join(files)
        print(f"{names}: {report}", file=sys.stderr)
    return examples
