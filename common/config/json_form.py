"""Conversion of configurations to and from JSON."""

import dataclasses
import json
from typing import TypeVar

import cattrs

from ..errors import UserError

T = TypeVar("T")
_converter = cattrs.Converter(forbid_extra_keys=True)


def _strict(value, kind):  # cattrs would turn "false" into True and 2.7 into 2
    if type(value) is kind or (kind is float and type(value) is int):
        return kind(value)
    raise TypeError(f"{value!r} is not of type {kind.__name__}")


for _kind in (bool, int, float, str):
    _converter.register_structure_hook(_kind, _strict)


def _reason(error, kind):
    told = isinstance(error, (UserError, TypeError))
    return str(error) if told else cattrs.v.format_exception(error, kind)


def to_json(config) -> str:
    """The configuration as indented JSON."""
    return json.dumps(dataclasses.asdict(config), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, kind: type[T], origin="config.json") -> T:
    """The configuration of type `kind` stored as JSON.

    Args:
        text: JSON.
        kind: a dataclass.
        origin: file name for error messages.

    Raises:
        UserError: the JSON is damaged, or has unknown or invalid fields, which are named.
    """
    try:
        return _converter.structure(json.loads(text), kind)
    except json.JSONDecodeError as error:
        raise UserError(f"{origin} is damaged ({error}): restore it or train again") from None
    except Exception as error:
        reasons = "; ".join(cattrs.transform_error(error, format_exception=_reason))
        raise UserError(f"{origin} does not fit this version of the app: {reasons}") from None


def differences(old, new) -> list[str]:
    """The differing fields of two configurations, as `model.units: 256 -> 512`."""

    def flat(value, prefix=""):
        if isinstance(value, dict):
            parts = [flat(value[name], f"{prefix}.{name}") for name in value]
            return {name: leaf for part in parts for name, leaf in part.items()}
        return {prefix[1:]: value}

    old, new = flat(dataclasses.asdict(old)), flat(dataclasses.asdict(new))
    return [f"{name}: {old.get(name)} -> {new[name]}" for name in new if old.get(name) != new[name]]
