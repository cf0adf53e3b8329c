"""The speed table of the layers compares equal networks."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from common.errors import UserError
from tests.benchmarks import layers as benchmark

DEPTH = 3


def test_rows_have_the_same_weights_and_networks():
    rows = benchmark.rows(["lstm", "gru", "peephole_lstm"], 4)
    x = tf.constant(np.random.default_rng(0).normal(size=[2, 5, DEPTH]).astype("float32"))
    pairs = {
        "keras.layers.LSTM": "lstm",
        "keras.layers.GRU": "gru",
        "keras.layers.RNN(peephole cell)": "peephole_lstm",
    }
    for theirs, ours in pairs.items():
        steps = [benchmark.training_step(rows[name], DEPTH) for name in (theirs, ours)]
        rows[ours].set_weights(rows[theirs].get_weights())
        np.testing.assert_allclose(steps[0](x), steps[1](x), 1e-4, 1e-5)


def test_rounds_take_turns_without_counting_the_first():
    calls = []
    functions = {name: lambda name=name: calls.append(name) for name in "abc"}
    seconds = benchmark.measured(functions, 2)
    assert "".join(calls) == "abc" + "bca" + "cab"
    assert {name: len(values) for name, values in seconds.items()} == {"a": 2, "b": 2, "c": 2}


def test_table_has_medians_of_paired_ratios(capsys):
    first = {"keras": np.array([1.0, 2.0, 4.0]), "ours": np.array([0.5, 1.0, 4.0])}
    benchmark.table({"x": first, "y": {**first, "ours": first["keras"] * 2}})
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "| keras | 2000.0 ms | 2000.0 ms | 1.00 |"
    assert lines[3] == "| ours | 0.50 | 2.00 | 1.00 |"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--shapes", "20x30"], "20x30: give batch x time"),
        (["--rounds", "0"], "rounds is 0"),
        (["--torch", "/no/python"], "--torch /no/python: cannot run"),
        (["--torch", "x", "--clock", "processor"], "process of its own"),
    ],
)
def test_bad_arguments_are_one_line(arguments, message, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["layers", *arguments])
    with pytest.raises(UserError, match=message):
        benchmark.main()


def test_the_whole_table(monkeypatch, capsys):
    arguments = ["--shapes", "2x3x4x4", "--rounds", "1", "--cells", "lstm", "ctrnn"]
    arguments += ["--substeps", "1"]
    monkeypatch.setattr(sys, "argv", ["layers", *arguments])
    benchmark.main()
    out = capsys.readouterr().out
    assert out.count("| ctrnn |") == 3 and "exponential, XLA" in out
