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


def to_json(config) -> str:
    return json.dumps(dataclasses.asdict(config), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, kind: type[T], origin="config.json") -> T:
    """The configuration out of JSON; unknown or wrong fields are an error that names them."""
    try:
        return _converter.structure(json.loads(text), kind)
    except json.JSONDecodeError as error:
        raise UserError(f"{origin} is damaged ({error}): restore it or train again") from None
    except Exception as error:
        reasons = "; ".join(cattrs.transform_error(error))
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
