"""Builds the search from command-line options."""

from common.commands import search_with

FIELDS = ("length_penalty", "min_length", "no_repeat_ngram", "coverage_penalty")


def chosen(default, command):
    """The run's `Beam` with the options that `command` sets (not None); beam 0: `Greedy`."""
    changes = {name: getattr(command, name) for name in FIELDS}
    return search_with(default, beam=command.beam, n_best=getattr(command, "n_best", 1), **changes)
