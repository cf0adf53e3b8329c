"""Cell names and options in a configuration."""

from dataclasses import dataclass

import pytest
import tensorflow as tf
import tyro

from common.cells import CELL_NAMES, OPTIONS, read_cell
from common.config import Cell, check
from common.errors import UserError
from common.layers import Stack, recurrent


@dataclass
class Config:
    cell: Cell = "lstm"
    """Recurrent cell."""


@pytest.mark.parametrize(
    "text, name, options",
    [
        ("gru", "gru", {}),
        (
            "lstm:layer_norm=true,cell_clip=3,peepholes=full",
            "lstm",
            {"layer_norm": True, "cell_clip": 3, "peepholes": "full"},
        ),
        ("ctrnn:solver=rk4,substeps=2", "ctrnn", {"solver": "rk4", "substeps": 2}),
        ("ctrnn:dt=1e-1", "ctrnn", {"dt": 0.1}),
        ("ctrnn:tau=2.5,learn_tau=false", "ctrnn", {"tau": 2.5, "learn_tau": False}),
        ("ctrnn:tau=1..100", "ctrnn", {"tau": (1, 100)}),
    ],
)
def test_cell_is_a_name_with_options(text, name, options):
    assert read_cell(text) == (name, options)
    check(Config(text))


@pytest.mark.parametrize(
    "text, message",
    [
        ("rnn", "unknown cell 'rnn': choose one of lstm, peephole_lstm"),
        ("", "unknown cell ''"),
        ("LSTM", "unknown cell 'LSTM'"),
        ("lstm:", "'' is not an option of cell lstm: write OPTION=VALUE"),
        ("lstm:layer_norm", "'layer_norm' is not an option of cell lstm: write OPTION=VALUE"),
        ("gru:peepholes=full", "'peepholes=full' is not an option of cell gru: .* activation"),
        ("lstm:units=3", "not an option of cell lstm"),
        ("lstm:layer_norm=yes", "option layer_norm of cell lstm must be true or false"),
        ("lstm:cell_clip=-1", "option cell_clip of cell lstm must be a number above 0"),
        ("lstm:cell_clip=NaN", "must be a number above 0"),
        ("lstm:cell_clip=1e999", "must be a number above 0"),
        ("lstm:cell_clip=true", "must be a number above 0"),
        ("lstm:peepholes=some", "must be none, diagonal, full"),
        ("lstm:layer_norm=true,layer_norm=false", "gives layer_norm twice"),
        ("ctrnn:substeps=0", "option substeps of cell ctrnn must be a whole number of at least 1"),
        ("ctrnn:substeps=1.5", "must be a whole number"),
        ("ctrnn:tau=1..", "must be a number above 0, or the lowest and the highest"),
        ("ctrnn:tau=0..1", "must be a number above 0, or"),
        ("cifg:input_gate=false", "coupled_gates needs an input and a forget gate"),
        ("nig:coupled_gates=true", "coupled_gates needs an input and a forget gate"),
    ],
)
def test_what_is_no_cell_is_told(text, message):
    with pytest.raises(UserError, match=f"cell is {text}: .*{message}"):
        check(Config(text))
    with pytest.raises(UserError, match=message):
        recurrent(text, 3)


def test_help_lists_the_names(capsys):
    with pytest.raises(SystemExit):
        tyro.cli(Config, args=["--help"])
    told = "".join(capsys.readouterr().out.replace("│", "").split())
    assert "{" + ",".join(CELL_NAMES) + "}[:OPTION=VALUE,...]" in told


VALUES = {
    "peepholes": "full",
    "cell_clip": "2",
    "forget_bias": "0.5",
    "solver": "heun",
    "substeps": "2",
    "dt": "0.5",
    "tau": "1..4",
}


@pytest.mark.parametrize("name", sorted({*CELL_NAMES} - {"np", "simple"}))
def test_every_option_reaches_its_layer_keeping_widths(name):
    for option in OPTIONS[name]:
        value = VALUES.get(option, "hard_sigmoid" if "activation" in option else "true")
        if name in ("nig", "nfg") and option == "coupled_gates":
            continue  # refused, see above
        text = f"{name}:{option}={value}"
        stack = Stack(2, 3, text, bidirectional=True)
        stack.build((None, None, 2))
        sequence, states = stack(tf.ones([1, 4, 2]))
        assert sequence.shape == (1, 4, 6)
        assert all(part.shape == (1, 3) for state in states for part in state)
        given, found = read_cell(text)[1][option], getattr(recurrent(text, 3).cell, option)
        expected = list(given) if isinstance(given, tuple) else given
        assert getattr(found, "__name__", found) == expected


def test_a_switch_changes_what_the_layer_computes():
    x = tf.random.stateless_normal([2, 5, 3], [1, 2])
    plain, normal = Stack(1, 4, "lstm"), Stack(1, 4, "lstm:layer_norm=true")
    for stack in (plain, normal):
        stack.build((None, None, 3))
    assert len(normal.weights) == len(plain.weights) + 4
    normal.rnns[0].set_weights([*plain.rnns[0].get_weights(), *normal.rnns[0].get_weights()[3:]])
    assert tf.reduce_max(tf.abs(plain(x)[0] - normal(x)[0])) > 1e-3
