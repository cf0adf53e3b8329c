"""The search that a command line asks for."""

from common.commands import search_with

FIELDS = ("length_penalty", "min_length", "no_repeat_ngram", "coverage_penalty")


def chosen(default, command):
    """The run's `Beam` with what `command` sets (None: as it is), or `Greedy` for a beam of 0."""
    changes = {name: getattr(command, name) for name in FIELDS}
    return search_with(default, beam=command.beam, n_best=getattr(command, "n_best", 1), **changes)
