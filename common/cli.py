"""Configurations to and from JSON and the command line."""

import dataclasses
import json
import sys
from typing import Annotated, TypeVar

import cattrs
import tyro

from common.errors import UserError

T = TypeVar("T")
_converter = cattrs.Converter(forbid_extra_keys=True)


def _strict(value, kind):  # cattrs would turn "false" into True and 2.7 into 2
    if type(value) is kind or (kind is float and type(value) is int):
        return kind(value)
    raise TypeError(f"{value!r} is no {kind.__name__}")


for _kind in (bool, int, float, str):
    _converter.register_structure_hook(_kind, _strict)


def _reason(error, kind):
    told = isinstance(error, (UserError, TypeError))
    return str(error) if told else cattrs.v.format_exception(error, kind)


def to_json(config) -> str:
    return json.dumps(dataclasses.asdict(config), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, kind: type[T], origin="config.json") -> T:
    """The configuration out of JSON; unknown or wrong fields are an error that names them."""
    try:
        return _converter.structure(json.loads(text), kind)
    except json.JSONDecodeError as error:
        raise UserError(f"{origin} is damaged ({error}): restore it or train again") from None
    except Exception as error:
        reasons = "; ".join(cattrs.transform_error(error, format_exception=_reason))
        raise UserError(f"{origin} does not fit this version of the app: {reasons}") from None


def differences(old, new) -> list[str]:
    """The fields in which two configurations differ, as `model.units: 256 -> 512`."""

    def flat(value, prefix=""):
        if isinstance(value, dict):
            parts = [flat(value[name], f"{prefix}.{name}") for name in value]
            return {name: leaf for part in parts for name, leaf in part.items()}
        return {prefix[1:]: value}

    old, new = flat(dataclasses.asdict(old)), flat(dataclasses.asdict(new))
    return [f"{name}: {old.get(name)} -> {new[name]}" for name in new if old.get(name) != new[name]]


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
