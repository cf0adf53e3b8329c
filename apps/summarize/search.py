"""The search that a command line asks for."""

import dataclasses

from common.commands import search_with


def greedy(beam):
    """Options of greedy search that keep the constraints of a BeamConfig."""
    return {"min_length": beam.min_length, "no_repeat_ngram": beam.no_repeat_ngram}


def chosen(default, command):
    """The run's BeamConfig with what `command` sets (None: as it is); for a beam of 0 the options
    of greedy search."""
    names = ("min_length", "no_repeat_ngram", "coverage_penalty")
    wanted = {name: getattr(command, name) for name in names}
    default = dataclasses.replace(default, **{k: v for k, v in wanted.items() if v is not None})
    search = search_with(
        default,
        beam=command.beam,
        n_best=getattr(command, "n_best", 1),
        length_penalty=command.length_penalty,
    )
    return greedy(default) if search == "greedy" else search
