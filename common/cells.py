"""Recurrent cells by name: the LSTM variants, the options of each cell, and the parser of cell
specifications such as `lstm` or `lstm:layer_norm=true,cell_clip=3`.

Does not import TensorFlow, so `--help` is fast.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ArgumentError

# Greff et al. 2017, "LSTM: A search space odyssey": their vanilla LSTM has diagonal peepholes, and
# each variant changes one thing about it. Hence `np` (no peepholes) equals `lstm`. Parameters for
# input size n and k units, without biases: (n + k) k per gate, k per diagonal peephole, k^2 per
# full peephole, 9 k^2 for the gate recurrence.
LSTM_VARIANTS = {
    "lstm": {},
    "peephole_lstm": {"peepholes": "diagonal"},
    "full_peephole_lstm": {"peepholes": "full"},
    "nig": {"peepholes": "diagonal", "input_gate": False},
    "nfg": {"peepholes": "diagonal", "forget_gate": False},
    "nog": {"peepholes": "diagonal", "output_gate": False},
    "niaf": {"peepholes": "diagonal", "activation": "linear", "output_activation": "tanh"},
    "noaf": {"peepholes": "diagonal", "output_activation": "linear"},
    "np": {},
    "cifg": {"peepholes": "diagonal", "coupled_gates": True},
    "fgr": {"peepholes": "diagonal", "gate_recurrence": True},
}

CELL_NAMES = (
    *LSTM_VARIANTS,
    "gru",
    "gru_reset_before",
    "elman",
    "simple",  # the old name of elman
    "jordan",
    "ctrnn",
)


@dataclass(frozen=True)
class Option:
    """An option of a cell: a description of its valid values, and the parser of its text.

    `read` returns the value, or None for invalid text.
    """

    told: str
    read: Callable[[str], Any]


def _one_of(*names):
    return Option(", ".join(names), {name: name for name in names}.get)


def _number(text):
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if type(value) in (int, float) and 0 < value < math.inf else None


def _span(text):
    ends = tuple(_number(end) for end in text.split("..", 1))
    return None if None in ends else ends[0] if len(ends) == 1 else ends


_SWITCH = Option("true or false", {"true": True, "false": False}.get)
_POSITIVE = Option("a number above 0", _number)
_WHOLE = Option(
    "a whole number of at least 1",
    lambda text: int(text) if text.isdecimal() and int(text) else None,
)
_SPAN = Option("a number above 0, or the lowest and the highest, as 1..100", _span)
_FUNCTION = _one_of("tanh", "sigmoid", "hard_sigmoid", "linear", "relu", "elu", "gelu", "softsign")

_LSTM = {
    "peepholes": _one_of("none", "diagonal", "full"),
    "input_gate": _SWITCH,
    "forget_gate": _SWITCH,
    "output_gate": _SWITCH,
    "coupled_gates": _SWITCH,
    "gate_recurrence": _SWITCH,
    "layer_norm": _SWITCH,
    "cell_clip": _POSITIVE,
    "forget_bias": _POSITIVE,
    "activation": _FUNCTION,
    "recurrent_activation": _FUNCTION,
    "output_activation": _FUNCTION,
}
_GRU = {"activation": _FUNCTION, "recurrent_activation": _FUNCTION}
_ELMAN = {"activation": _FUNCTION}
# Only options that keep the outputs and each state of shape `[batch, units]` and the initial state
# zero: the networks rely on both.
OPTIONS = {
    **dict.fromkeys(LSTM_VARIANTS, _LSTM),
    "gru": _GRU,
    "gru_reset_before": _GRU,
    "elman": _ELMAN,
    "simple": _ELMAN,
    "jordan": _ELMAN | {"output_activation": _FUNCTION},
    "ctrnn": {
        "solver": _one_of("euler", "exponential", "heun", "rk4"),
        "substeps": _WHOLE,
        "dt": _POSITIVE,
        "tau": _SPAN,
        "learn_tau": _SWITCH,
        "activation": _FUNCTION,
    },
}
assert tuple(OPTIONS) == CELL_NAMES


def read_cell(text):
    """Parses a cell specification such as `ctrnn:solver=heun,tau=1..100`.

    Returns:
        (name, options as keyword arguments).

    Raises:
        ArgumentError: the cell, an option or a value is unknown or contradictory.
    """
    name, colon, rest = text.partition(":")
    if name not in OPTIONS:
        raise ArgumentError(f"unknown cell {name!r}: choose one of {', '.join(CELL_NAMES)}")
    options, known = {}, OPTIONS[name]
    for pair in rest.split(",") if colon else ():
        option, equals, value = pair.partition("=")
        if option not in known or not equals:
            raise ArgumentError(
                f"{pair!r} is not an option of cell {name}: write OPTION=VALUE, the options are "
                + ", ".join(known)
            )
        if option in options:
            raise ArgumentError(f"cell {text!r} gives {option} twice: keep one")
        options[option] = known[option].read(value)
        if options[option] is None:
            raise ArgumentError(f"option {option} of cell {name} must be {known[option].told}")
    if name in LSTM_VARIANTS:
        switches = LSTM_VARIANTS[name] | options
        if switches.get("coupled_gates") and not all(
            switches.get(gate, True) for gate in ("input_gate", "forget_gate")
        ):
            raise ArgumentError(f"cell {text!r}: coupled_gates needs an input and a forget gate")
    return name, options
