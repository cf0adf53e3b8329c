"""Command-line parsing: the arguments of `train` and the search options of `infer`."""

import dataclasses
import sys
from typing import Annotated, TypeVar

import tyro

from ..errors import UserError
from ..searches import Beam, Greedy, Sampling

T = TypeVar("T")


def search_with(default: Beam, *, beam=None, n_best=1, **changes) -> Beam | Greedy:
    """The search requested on a command line.

    Args:
        default: the search configured in the run.
        beam: beam size, raised to `n_best`; 0: greedy search; None: that of `default`.
        n_best: answers for each input.
        changes: other fields of `Beam`; None: those of `default`.

    Raises:
        UserError: a value out of its limits, or several answers requested of greedy search.
    """
    if beam:
        changes["beam"] = beam
    changes = {name: value for name, value in changes.items() if value is not None}
    default = dataclasses.replace(default, n_best=1, **changes)
    if beam == 0:
        if n_best > 1:
            raise UserError("greedy search (--beam 0) gives one answer: leave --n-best out")
        return default.greedy()
    return dataclasses.replace(default, beam=max(default.beam, n_best), n_best=n_best)


def sampling(command) -> Sampling:
    """The sampling requested on a command line.

    Args:
        command: has `n_best`, `seed`, `temperature`, `top_k` and `top_p`.

    Raises:
        UserError: a value out of its limits, or several answers requested.
    """
    if command.n_best > 1:
        raise UserError("--sample draws one answer: leave --n-best out")
    if not 0 <= command.seed < 2**31:
        raise UserError(f"--seed is {command.seed}: it must be from 0 to 2147483647")
    return Sampling(command.seed, command.temperature, command.top_k, command.top_p)


def parse_training(app: str, presets: dict[str, T], arguments=None):
    """Parses the command line of `train`.

    `[PRESET] [--run-dir DIR] [--max-steps N] [--field value ...]`

    Args:
        app: name of the app.
        presets: name -> configuration; "default" must be among them.
        arguments: the command line; None: that of this process.

    Returns:
        (config, run_dir, max_steps); run_dir defaults to runs/APP/PRESET.

    Raises:
        UserError: an unknown preset.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    preset = "default"
    if arguments and not arguments[0].startswith("-"):
        preset = arguments.pop(0)
    if preset not in presets:
        raise UserError(f"unknown preset {preset!r}: choose one of {', '.join(presets)}")
    config_type = type(presets[preset])

    def command(
        config: Annotated[config_type, tyro.conf.arg(name="")] = presets[preset],
        run_dir: str = f"runs/{app}/{preset}",
        max_steps: int | None = None,
    ):
        return config, run_dir, max_steps

    command.__doc__ = f"""Train apps.{app}; the same command resumes a stopped training.

    Presets (first argument): {", ".join(presets)}. Defaults below are those of {preset!r}.

    Args:
        config: settings of the data, the model and its training.
        run_dir: folder of the run.
        max_steps: stop after this many updates in total, validate and save.
    """
    return tyro.cli(command, prog=f"python -m apps.{app}.train [PRESET]", args=arguments)
