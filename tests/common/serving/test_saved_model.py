"""Exports: versions, agreement of both loaders, and failures that leave no trace."""

import os
import subprocess

import keras
import pytest
import tensorflow as tf

from common.errors import UserError
from common.serving.saved_model import PREFIX, export


class Twice(tf.Module):
    """text -> (text twice, its length times a weight)."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(3.0)

    def signature(self):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def call(text):
            length = tf.cast(tf.strings.length(text), tf.float32)
            return {"text": text + text, "score": length * self.weight}

        return call


CASES = {"serving_default": {"text": ["ab", "", "é"]}}


def test_versions_count_up_and_answers_agree(tmp_path):
    module = Twice()
    for version in ("1", "2"):
        folder = export(module, {"serving_default": module.signature()}, CASES, tmp_path)
        assert folder == tmp_path / version and (folder / "saved_model.pb").is_file()
    assert sorted(os.listdir(tmp_path)) == ["1", "2"]


class Stacking(tf.Module):
    """Fails on zero rows, as a search that stacks its steps does; has outputs without rows."""

    def signature(self):
        specs = [
            tf.TensorSpec([None], tf.string, name="text"),
            tf.TensorSpec([], tf.int32, name="times"),
        ]

        @tf.function(input_signature=specs)
        def call(text, times):
            tf.debugging.assert_positive(tf.size(text))
            lengths = tf.strings.length(text) * times
            return {"length": lengths, "labels": tf.constant(["a", "b"])}

        return call


def test_a_batch_may_be_empty(tmp_path):
    module = Stacking()
    cases = {"serving_default": {"text": ["ab", "c"], "times": 3}}
    folder = export(module, {"serving_default": module.signature()}, cases, tmp_path)
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    for text, lengths in ((["ab"], [6]), ([], []), (["abc", ""], [9, 0])):
        found = serve(text=tf.constant(text, tf.string), times=tf.constant(3))
        assert found["length"].numpy().tolist() == lengths
        assert found["labels"].numpy().tolist() == [b"a", b"b"]


def test_a_keras_model_as_attribute_is_caught(tmp_path):
    """It loads in Python, but TensorFlow Serving would not find its variables."""
    module = tf.Module()
    module.model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def call(text):
        length = tf.cast(tf.strings.length(text), tf.float32)[:, None]
        return {"score": module.model(length)[:, 0]}

    with pytest.raises(UserError, match="variable"):
        export(module, {"serving_default": call}, CASES, tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("loader", ["load", "session"])
@pytest.mark.parametrize("wrong", [{"text": ["abab", "", "é"]}, {"score": [6.0, 0.1, 6.0]}])
def test_answers_that_disagree_leave_nothing(tmp_path, monkeypatch, loader, wrong):
    right = {"text": ["abab", "", "éé"], "score": [6.0, 0.0, 6.0]}
    found = {name: {"serving_default": right} for name in ("load", "session")}
    found[loader] = {"serving_default": right | wrong}
    monkeypatch.setattr("common.serving.saved_model.answers_of", lambda *_: found)
    module = Twice()
    with pytest.raises(UserError, match=f"loaded by {loader}.*nothing was exported"):
        export(module, {"serving_default": module.signature()}, CASES, tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("wrong", [[30002], [[30000]], [30000, 1], []])
def test_whole_numbers_and_shapes_must_agree_exactly(tmp_path, monkeypatch, wrong):
    found = {name: {"serving_default": {"id": wrong}} for name in ("load", "session")}
    monkeypatch.setattr("common.serving.saved_model.answers_of", lambda *_: found)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def call(text):
        return {"id": tf.strings.length(text) + 29998}

    with pytest.raises(UserError, match="another id"):
        export(
            tf.Module(), {"serving_default": call}, {"serving_default": {"text": ["ab"]}}, tmp_path
        )


def test_what_a_killed_export_left_is_cleared_up(tmp_path):
    child = subprocess.Popen(["true"])
    child.wait()
    dead, alive, other = (tmp_path / f"{PREFIX}{n}-x" for n in (child.pid, os.getpid(), "y"))
    for folder in (dead, alive, other):
        folder.mkdir()
    module = Twice()
    export(module, {"serving_default": module.signature()}, CASES, tmp_path)
    assert set(os.listdir(tmp_path)) == {"1", alive.name, other.name}


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    module = Twice()
    with pytest.raises(UserError, match="cannot write"):
        export(module, {"serving_default": module.signature()}, CASES, tmp_path / "file")
