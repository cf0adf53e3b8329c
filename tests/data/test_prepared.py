"""A prepared set is whole, or prepared anew; a full disk leaves nothing."""

import re
import resource
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

import data
from data import DataError
from data.prepared import LOCK, damage

ROOT = Path(data.__file__).parents[1]


@pytest.fixture(scope="module")
def hsk(tmp_path_factory):
    """(data folder, folder of the set)."""
    folder = tmp_path_factory.mktemp("sets")
    return folder, Path(data.builder("hsk", None, folder).data_dir)


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("name", "harm", "told"),
    [
        ("hsk-train.tfrecord-00000-of-00001", cut, "train has .* bytes instead of"),
        ("hsk-test.tfrecord-00000-of-00001", Path.unlink, "test has 0 of 1 files"),
        ("dataset_info.json", cut, "its description cannot be read"),
        ("dataset_info.json", lambda path: path.write_text("[" * 100_000), "cannot be read"),
        ("features.json", Path.unlink, "it lacks features.json"),
        ("metadata.json", cut, "its description cannot be read"),
        ("", lambda path: [p.unlink() for p in path.iterdir()], "it lacks dataset_info.json"),
    ],
)
def test_a_damaged_set_is_prepared_anew(hsk, name, harm, told, capsys):
    folder, made = hsk
    assert damage(made) == ""
    harm(made / name)
    assert len(data.pairs("hsk", "zh", "en", "test", folder)) == 220
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: the prepared set {made} is damaged (")
    assert line.endswith(": it is prepared anew") and damage(made) == ""
    assert re.search(told, line)


def test_changed_bytes_are_named(hsk, tmp_path):
    folder, made = hsk
    file = made / "hsk-test.tfrecord-00000-of-00001"
    whole = file.read_bytes()
    file.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    with pytest.raises(DataError, match=f"{made} is damaged .*: delete that folder"):
        data.pairs("hsk", "zh", "en", "test", folder)
    file.write_bytes(whole)


def test_leftovers_are_cleared(hsk):
    folder, made = hsk
    left = [made.parent / "incomplete.ABCDEF_1.0.0", folder / "downloads/hsk/incomplete.x"]
    for path in left:
        path.mkdir(parents=True)
        (path / "part").write_bytes(b"x")
    with filelock.FileLock(made.parent / LOCK):  # of another process that prepares now
        data.builder("hsk", None, folder)
        assert all(path.exists() for path in left)
    data.builder("hsk", None, folder)
    assert not any(path.exists() for path in left)


def python(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "data", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_full_disk_leaves_nothing(tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    process = python("hsk", "--data-dir", tmp_path, preexec_fn=small_files)
    out, err = process.communicate()
    assert process.returncode == 2 and out == ""
    assert err.startswith(f"error: cannot prepare the set hsk in {tmp_path} (File too large): make")
    assert err.count("\n") == 1
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [LOCK]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot prepare the set hsk in .*file"):
        data.builder("hsk", None, tmp_path / "file")


def test_of_two_at_once_one_prepares(tmp_path):
    (tmp_path / "hsk").mkdir()
    with filelock.FileLock(tmp_path / "hsk" / LOCK):
        process = python("hsk", "--data-dir", tmp_path)
        line = process.stderr.readline()
        assert line == "note: waiting for another process that prepares hsk\n"
        assert not (tmp_path / "hsk/1.0.0").exists()
    out, err = process.communicate()
    assert process.returncode == 0 and "3,836" in out and err == ""
