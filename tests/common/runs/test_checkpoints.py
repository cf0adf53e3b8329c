"""Checkpoints are whole or absent, and a wrong checkpoint is never accepted."""

import errno
import io
import os
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.errors import UserError
from common.files import atomic, read_json, write_json
from common.runs import checkpoints

ARRAYS = {
    "model/000/kernel": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "model/001/seed": np.array([1, 2**32 - 1], np.uint32),
    "optimizer/000/iteration": np.array(12, np.int64),
}
META = {"step": 12, "best": None, "scores": {"bleu": 1 / 3}, "finished": "öäü"}


def same(found):
    arrays, meta = found
    assert meta == META and list(arrays) == list(ARRAYS)
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], value)
        assert arrays[name].dtype == value.dtype and arrays[name].shape == value.shape
    return True


def test_round_trip(tmp_path):
    path = tmp_path / "folder" / "best.npz"
    checkpoints.save(path, ARRAYS, META)
    assert same(checkpoints.load(path))
    assert os.listdir(path.parent) == ["best.npz"]


def test_variables_get_back_what_they_had():
    variables = [keras.Variable([[1.0, 2.0]], name="kernel"), tf.Variable(7, name="count")]
    stored = checkpoints.values("model", variables)
    assert list(stored) == ["model/000/kernel", "model/001/count"]
    variables[0].assign([[0.0, 0.0]])
    variables[1].assign(0)
    checkpoints.assign("model", variables, stored | {"models/000/other": np.zeros(5)})
    np.testing.assert_array_equal(variables[0], [[1.0, 2.0]])
    assert variables[1].numpy() == 7


@pytest.mark.parametrize(
    "variables, message",
    [
        ([keras.Variable(np.zeros([3, 2], "float32"))], r"\(2, 3\), the model's \(3, 2\)"),
        ([keras.Variable(np.zeros([2, 3], "float32"))] * 2, "1 model arrays, not 2"),
    ],
)
def test_another_models_checkpoint_is_refused(variables, message):
    with pytest.raises(UserError, match=message):
        checkpoints.assign("model", variables, {"model/000/x": np.ones([2, 3])})


def test_truncated_at_any_place(tmp_path, capsys):
    rotation = checkpoints.Rotation(tmp_path)
    whole = tmp_path / "whole.npz"
    checkpoints.save(whole, ARRAYS, META)
    content = whole.read_bytes()
    for tenths in range(10):
        path = tmp_path / f"last-{99 + tenths:08d}.npz"
        path.write_bytes(content[: len(content) * tenths // 10])
        with pytest.raises(UserError, match="damaged"):
            checkpoints.load(path)
        rotation_save_would_keep = tmp_path / "last-00000012.npz"
        rotation_save_would_keep.write_bytes(content)
        assert same(rotation.load())
        message = capsys.readouterr().err
        assert str(path) in message and "falling back to the previous one" in message
        assert not path.exists() and path.with_suffix(".damaged").exists()
    rotation_save_would_keep.unlink()
    assert rotation.load() is None


def test_all_damaged_is_no_new_start(tmp_path):
    """A training that restarts would overwrite the best weights of the run."""
    paths = [tmp_path / f"last-{step:08d}.npz" for step in (3, 4)]
    for path in paths:
        path.write_bytes(b"PK")
    for _ in range(2):  # the second start finds them as they were
        with pytest.raises(UserError, match="No intact checkpoint is left") as error:
            checkpoints.Rotation(tmp_path).load()
        assert all(str(path) in str(error.value) for path in paths)


def test_flipped_bits_are_found(tmp_path):
    """Flips two bits of every byte: the file loads as saved, or is refused."""
    path = tmp_path / "x.npz"
    checkpoints.save(path, {"model/000/x": np.arange(4.0)}, {"step": 1})
    content, refused = path.read_bytes(), 0
    for place in range(len(content)):
        for bit in (1, 128):
            damaged = bytearray(content)
            damaged[place] ^= bit
            path.write_bytes(damaged)
            try:
                arrays, meta = checkpoints.load(path)
            except UserError:
                refused += 1
            else:
                np.testing.assert_array_equal(arrays["model/000/x"], np.arange(4.0))
                assert list(arrays) == ["model/000/x"] and meta == {"step": 1}
    assert refused > len(content)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a checkpoint", bytes(500)])
def test_anything_else_is_damaged(tmp_path, content):
    (tmp_path / "best.npz").write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        checkpoints.load(tmp_path / "best.npz")


def test_a_missing_one_is_named(tmp_path):
    with pytest.raises(UserError, match="no checkpoint .*best.npz: train"):
        checkpoints.load(tmp_path / "best.npz")


class Trap:
    """Reports when a pickle of it is loaded."""

    def __reduce__(self):
        return (os.mkdir, (os.environ["TRAP"],))


def test_pickles_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAP", str(tmp_path / "executed"))
    path = tmp_path / "best.npz"
    np.savez(path, model=np.array([Trap()], dtype=object), meta=np.array("{}"))
    with pytest.raises(UserError, match="damaged"):
        checkpoints.load(path)
    np.savez(path, meta=np.array([Trap()], dtype=object))
    with pytest.raises(UserError, match="damaged"):
        checkpoints.load(path)
    assert not (tmp_path / "executed").exists()


def test_only_the_newest_stay(tmp_path):
    rotation = checkpoints.Rotation(tmp_path, keep=2)
    checkpoints.save(tmp_path / "best.npz", ARRAYS, META)
    for step in (1, 9, 10, 100):
        rotation.save(step, ARRAYS, META)
    names = sorted(os.listdir(tmp_path))
    assert names == ["best.npz", "last-00000010.npz", "last-00000100.npz"]
    assert [path.name for path in rotation.paths()] == names[:0:-1]


def test_leftovers_are_not_checkpoints(tmp_path):
    rotation = checkpoints.Rotation(tmp_path)
    rotation.save(3, ARRAYS, META)
    (tmp_path / ".last-00000004.npz.123.tmp").write_bytes(b"half")
    (tmp_path / "last-new.npz").write_bytes(b"somebody's")
    assert same(rotation.load())
    assert (tmp_path / "last-new.npz").exists()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_changes_nothing(tmp_path, monkeypatch, call):
    path = tmp_path / "best.npz"
    checkpoints.save(path, ARRAYS, META)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(UserError, match="best.npz: No space left.*unharmed"):
        checkpoints.save(path, {"model/000/x": np.zeros(3)}, {})
    assert same(checkpoints.load(path))
    assert os.listdir(tmp_path) == ["best.npz"]


def test_any_failure_while_writing_changes_nothing(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic(path) as file:
        file.write("new")
        raise ZeroDivisionError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file.txt"]


def test_json_files(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"ö": [1, None]})
    assert read_json(path) == {"ö": [1, None]}
    path.write_text('{"ö": [1, ')
    with pytest.raises(UserError, match="a.json is damaged"):
        read_json(path)
    with pytest.raises(UserError, match="b.json is missing"):
        read_json(tmp_path / "b.json")
    with pytest.raises(UserError, match="cannot write .*a.json"):
        write_json(tmp_path / "none" / "a.json", {})


def test_every_flipped_byte_is_damage_or_harmless(tmp_path):
    path = tmp_path / "last-00000001.npz"
    variables = {"model/000/kernel": np.arange(6, dtype=np.float32).reshape(2, 3)}
    variables["state/000"] = np.ones([2], np.float32)
    checkpoints.save(path, variables, {"step": 1})
    content = path.read_bytes()
    damaged = 0
    for place in range(len(content)):
        for bit in (1, 4, 128):
            flipped = bytearray(content)
            flipped[place] ^= bit
            path.write_bytes(flipped)
            try:
                found, meta = checkpoints.load(path)
            except checkpoints.Damaged:
                damaged += 1
                continue
            assert meta == {"step": 1} and found.keys() == variables.keys()
            for name in found:
                np.testing.assert_array_equal(found[name], variables[name])
    assert damaged > len(content)  # of three times as many trials


def write_npz(path, name, header=None, array=None):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("meta.npy", npy(np.array('{"step": 1}')))
        file.writestr(name, npy(array) if header is None else header)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def huge(shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape},), }}"
    header = header.ljust(118 - 1 + 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize(
    "name, what",
    [
        ("model/000/x.npy", {"header": huge(10**12)}),
        ("model/000/x.npy", {"header": huge(10**30)}),
        ("model/000/x.npy", {"header": b"not an array"}),
        ("model/../../000/x.npy", {"array": np.ones(2, np.float32)}),
        ("model/000/x.npy", {"array": np.array("text")}),
        ("model/000/x.npy", {"array": np.ones(2, np.complex64)}),
        ("model/000/x.npy", {"array": np.ones(2, "datetime64[s]")}),
    ],
    ids=["10**12", "10**30", "no array", "a path out", "str", "complex", "datetime"],
)
def test_what_is_no_checkpoint_is_damaged(tmp_path, name, what):
    path = tmp_path / "best.npz"
    write_npz(path, name, **what)
    with pytest.raises(checkpoints.Damaged):
        checkpoints.load(path)


@pytest.mark.parametrize("meta", ["[1]", "5", '"x"', "{", "null"])
def test_facts_that_are_no_object_are_damage(tmp_path, meta):
    np.savez(tmp_path / "best.npz", meta=np.array(meta))
    with pytest.raises(checkpoints.Damaged):
        checkpoints.load(tmp_path / "best.npz")
