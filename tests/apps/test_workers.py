"""Two workers on this machine have the weights of one, and stop if one is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from common.errors import UserError
from common.runs import checkpoints
from common.system import workers

ROOT = Path(__file__).parents[2]
TRAIN = ["apps.lm.train", "tiny", "--streams.no-vary"]
PLAIN = [f"--model.{kind}-dropout=0" for kind in ("token", "input", "hidden", "output")]


def start(*command):
    command = [sys.executable, "-m", *map(str, command)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **pipes)


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


def test_two_workers_are_one_with_twice_the_batch(tmp_path):
    """Also after an interruption half-way: each worker has a separate state."""
    one = start(
        *TRAIN, *PLAIN, "--streams.batch-size=8", "--max-steps=6", "--run-dir", tmp_path / "1"
    )
    two = [*TRAIN, *PLAIN, "--streams.batch-size=4", "--run-dir", tmp_path / "2", "--max-steps"]
    finish(start("common.workers", 2, *two, 3))
    out = finish(start("common.workers", 2, *two, 6))
    assert out.count("resuming at step 3") == 1  # one log
    finish(one)
    (left, meta), (right, other) = (
        checkpoints.Rotation(tmp_path / name / "checkpoints").load() for name in "12"
    )
    assert meta["step"] == other["step"] == 6 and left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_allclose(right[name].ravel(), value.ravel(), atol=1e-5, err_msg=name)
    assert {p.name for p in (tmp_path / "2").iterdir()} == {
        p.name for p in (tmp_path / "1").iterdir()
    }


def test_a_killed_worker_stops_the_others(tmp_path):
    process = start("common.workers", 2, *TRAIN, "--data.limit=6000", "--run-dir", tmp_path / "run")
    found = ""
    while "step 50/" not in found:
        assert (line := process.stdout.readline()), process.stderr.read()
        found += line
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True)
    victim = int(children.stdout.split()[-1])
    since = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGKILL
    assert "lost another worker" in err and "Traceback" not in err
    assert time.monotonic() - since < workers.PATIENCE


def test_workers_end_with_a_killed_starter(tmp_path):
    """A stand-in for training that reports its process number and the request to stop."""
    (tmp_path / "stand_in.py").write_text(
        "import os, pathlib, signal, sys, time\n"
        "def stop(*_):\n    pathlib.Path(f'{os.getpid()}.stopped').touch()\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "pathlib.Path(f'{os.getpid()}.begun').touch()\ntime.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    command = [sys.executable, "-m", "common.workers", "2", "stand_in"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)
    until(lambda: len(list(tmp_path.glob("*.begun"))) == 2)
    process.kill()
    process.wait()
    until(lambda: len(list(tmp_path.glob("*.stopped"))) == 2)


def until(happens):
    deadline = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}']
    + ['{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}'],
)
def test_a_wrong_tf_config_is_refused(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match="TF_CONFIG must be like"):
        workers.place()


def test_place_is_that_of_tf_config(monkeypatch):
    assert workers.place() == (0, 1)
    task = {"type": "worker", "index": 1}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1", "b:1", "c:1"]}, "task": task})
    )
    assert workers.place() == (1, 3)
