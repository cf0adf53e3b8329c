"""Command lines: the arguments of `train`, and the searches that `infer` can be asked for."""

import dataclasses
import sys
from typing import Annotated, TypeVar

import tyro

from ..errors import UserError

T = TypeVar("T")


def search_with(default, *, beam=None, n_best=1, length_penalty=None):
    """The search that a command line asks for: a run's BeamConfig with what is not None changed;
    "greedy" for beam 0."""
    if beam == 0:
        if n_best > 1:
            raise UserError("greedy search (--beam 0) has one answer: leave --n-best out")
        return "greedy"
    beam = max(default.beam if beam is None else beam, n_best)
    alpha = default.length_penalty if length_penalty is None else length_penalty
    return dataclasses.replace(default, beam=beam, n_best=n_best, length_penalty=alpha)


def sampling(command):
    """The options of sampling that a command line asks for."""
    if command.n_best > 1:
        raise UserError("--sample draws one answer: leave --n-best out")
    if not 0 <= command.seed < 2**31:
        raise UserError(f"--seed is {command.seed}: it must be from 0 to 2147483647")
    return {name: getattr(command, name) for name in ("seed", "temperature", "top_k", "top_p")}


def parse_training(app: str, presets: dict[str, T], arguments=None):
    """The command line of `train`: `[PRESET] [--run-dir DIR] [--max-steps N] [--field value ...]`.

    Returns:
        (config, run_dir, max_steps); run_dir is runs/APP/PRESET unless given.
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

    command.__doc__ = f"""Train apps.{app}; the same command goes on where it was stopped.

    Presets (first argument): {", ".join(presets)}. Defaults below are those of {preset!r}.

    Args:
        config: all that shapes the model and its training.
        run_dir: folder of the run.
        max_steps: stop after so many updates in all, validate and save.
    """
    return tyro.cli(command, prog=f"python -m apps.{app}.train [PRESET]", args=arguments)
