"""Undocumented names of other packages: an upgrade that removes one fails here, by name."""

import ast
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import keras_internals
from common.keras_internals import RELIED_ON, adam_moments, all_layers, init_rnn
from common.layers import ElmanCell, Stack

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("relied", RELIED_ON, ids=lambda r: f"{r.owner.__name__}.{r.name}")
def test_keras_has_the_name(relied):
    owner = relied.owner
    if owner is keras.optimizers.Adam:  # build() creates its moments
        owner = owner()
        owner.build([keras.Variable(np.zeros(2))])
    elif owner is keras.layers.Layer:
        owner = owner()
    assert hasattr(owner, relied.name), f"{relied.owner} has no {relied.name}: {relied.reason}"
    assert relied.reason


def others():
    """Names of other packages, each used in a single place."""
    import cattrs
    from music21.musicxml.m21ToXml import GeneralObjectExporter
    from sentencepiece import sentencepiece_model_pb2
    from xdist.scheduler import LoadScopeScheduling

    return {
        "tf.raw_ops.ResourceApplyAdam": (tf.raw_ops, "ResourceApplyAdam"),
        "tf.raw_ops.ImageProjectiveTransformV3": (tf.raw_ops, "ImageProjectiveTransformV3"),
        "Strategy.experimental_local_results": (
            tf.distribute.Strategy, "experimental_local_results"),
        "sentencepiece_model_pb2.ModelProto": (sentencepiece_model_pb2, "ModelProto"),
        "cattrs.v.format_exception": (cattrs.v, "format_exception"),
        "GeneralObjectExporter.parse": (GeneralObjectExporter, "parse"),
        "LoadScopeScheduling._split_scope": (LoadScopeScheduling, "_split_scope"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "tf.raw_ops.ResourceApplyAdam",
        "tf.raw_ops.ImageProjectiveTransformV3",
        "Strategy.experimental_local_results",
        "sentencepiece_model_pb2.ModelProto",
        "cattrs.v.format_exception",
        "GeneralObjectExporter.parse",
        "LoadScopeScheduling._split_scope",
    ],
)
def test_other_packages_have_the_name(name):
    owner, attribute = others()[name]
    assert hasattr(owner, attribute), f"there is no {name} any more"


def test_no_other_module_uses_these_names():
    """`inner_loop` is overridden, which needs its name; other uses go through the module."""
    names = {relied.name for relied in RELIED_ON} - {"inner_loop"}
    for top in ("common", "apps"):
        for path in (ROOT / top).rglob("*.py"):
            if path == Path(keras_internals.__file__):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            assert not names & used, f"{path} uses {names & used}"


@pytest.mark.parametrize("cls", [keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN])
def test_keras_constructors_set_no_more_than_ours(cls):
    """Attributes that `init_rnn` leaves out, as it skips the constructor of Keras' layer."""
    plain = keras.layers.RNN(keras.layers.SimpleRNNCell(2))
    assert set(vars(cls(2))) - set(vars(plain)) <= {"use_cudnn"}
    assert cls(2).input_spec is not None and plain.input_spec is None


def test_init_rnn_tracks_the_given_cell_alone():
    class Layer(keras.layers.SimpleRNN):
        def __init__(self, cell):
            init_rnn(self, cell, return_sequences=True)

    cell = ElmanCell(3)
    layer = Layer(cell)
    assert layer.cell is cell and layer.return_sequences
    assert all_layers(layer)[1:] == [cell]


def test_all_layers_are_found_at_any_depth():
    stack = Stack(2, 3, "lstm")
    assert {rnn.cell for rnn in stack.rnns} <= set(all_layers(keras.Sequential([stack])))


def test_moments_are_those_of_the_variable():
    variables = [keras.Variable(np.zeros(n, "float32")) for n in (2, 3)]
    optimizer = keras.optimizers.Adam()
    optimizer.build(variables)
    first, second = adam_moments(optimizer, variables[1])
    assert first.shape == second.shape == (3,)
    optimizer.apply([np.zeros(2, "float32"), np.ones(3, "float32")], variables)
    np.testing.assert_allclose(first, 0.1 * np.ones(3), 1e-6)
    np.testing.assert_allclose(second, 0.001 * np.ones(3), 1e-4)
