"""The run folder: one app, one configuration, one process at a time."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from common.config import TrainingConfig
from common.errors import UserError
from common.metrics import Score
from common.runs import Run


@dataclass(frozen=True)
class Config:
    training: TrainingConfig = field(default_factory=TrainingConfig)
    files: tuple[str, ...] = ("a", "ö")
    seed: int = 1


def test_start_then_open(tmp_path):
    path = tmp_path / "runs" / "x"
    run = Run.start(path, "app", Config())
    assert run.path == path and run.config == Config()
    for opened in (Run.open(path, "app", Config), Run.start(path, "app", Config())):
        assert (opened.path, opened.app, opened.config) == (path, "app", Config())


def test_another_app_is_refused(tmp_path):
    Run.start(tmp_path / "x", "app", Config())
    for open_ in (lambda: Run.open(tmp_path / "x", "other", Config),
                  lambda: Run.start(tmp_path / "x", "other", Config())):  # fmt: skip
        with pytest.raises(UserError, match="of the app 'app', not of 'other'"):
            open_()


def test_a_changed_configuration_is_refused_by_name(tmp_path):
    Run.start(tmp_path, "app", Config())
    before = (tmp_path / "config.json").read_bytes()
    changed = replace(Config(), seed=2, training=replace(TrainingConfig(), epochs=11))
    with pytest.raises(UserError) as error:
        Run.start(tmp_path, "app", changed)
    assert "training.epochs: 10 -> 11; seed: 1 -> 2" in str(error.value)
    assert "--run-dir" in str(error.value)
    assert (tmp_path / "config.json").read_bytes() == before


@pytest.mark.parametrize("name", ["config.json", "evaluation", "checkpoints/best.npz"])
@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "../"])
def test_a_link_that_leads_out_is_refused(tmp_path, name, relative):
    path = tmp_path / "runs" / "x"
    Run.start(path, "app", Config())
    outside = (path / "config.json").rename(tmp_path / "private")
    (path / "checkpoints").mkdir()
    link = path / name
    link.symlink_to(os.path.relpath(outside, link.parent) if relative else outside)
    if name != "config.json":
        outside.rename(path / "config.json")  # links may lead to nothing
    for open_ in (Run.open, Run.start):
        with pytest.raises(UserError, match=f"{name} is a link that leads out of the run"):
            open_(path, "app", Config if open_ is Run.open else Config())


def test_links_inside_and_to_a_run_are_followed(tmp_path):
    Run.start(tmp_path / "x", "app", Config())
    (tmp_path / "x" / "old.json").symlink_to("config.json")
    (tmp_path / "link").symlink_to("x")
    for path in (tmp_path / "x", tmp_path / "link"):
        assert Run.open(path, "app", Config).config == Config()


def test_somebody_elses_folder_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="not empty and holds no run"):
        Run.start(tmp_path, "app", Config())
    assert os.listdir(tmp_path) == ["letter.txt"]
    with pytest.raises(UserError, match="not a run folder"):
        Run.open(tmp_path, "app", Config)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"app": "app", "seed": "one"}'])
def test_a_damaged_configuration_is_named(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match="config.json|app None"):
        Run.open(tmp_path, "app", Config)


def test_a_second_process_is_refused(tmp_path):
    run = Run.start(tmp_path, "app", Config())
    program = f"""
from pathlib import Path
from common.runs import Run
with Run(Path({str(tmp_path)!r}), "app", None).locked():
    print("got it")
"""
    root = Path(__file__).parents[3]

    def second():
        return subprocess.run(
            [sys.executable, "-c", program], cwd=root, capture_output=True, text=True
        )

    with run.locked():
        result = second()
        assert "another process is training in" in result.stderr and not result.stdout
    assert second().stdout == "got it\n"
    Run.start(tmp_path, "app", Config())  # a left-over lock file does not matter


def test_the_lock_goes_with_an_error(tmp_path):
    run = Run.start(tmp_path, "app", Config())
    with pytest.raises(ZeroDivisionError), run.locked():
        raise ZeroDivisionError
    with run.locked():
        pass


def test_latest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no run under runs/app: train one"):
        Run.open("latest", "app", Config)
    for age, name in enumerate(["new", "old", "older"]):
        run = Run.start(Path("runs/app", name), "app", Config())
        run.record_start()
        for path in run.path.iterdir():
            os.utime(path, (10**9 - age, 10**9 - age))
    Run.start("runs/other/newest", "other", Config())
    assert Run.open("latest", "app", Config).path.name == "new"
    for name in ("old", "older"):  # usable runs come before newer ones
        path = Path("runs/app", name, "checkpoints")
        path.mkdir()
        (path / "best.npz").touch()
    assert Run.open("latest", "app", Config).path.name == "old"


def test_a_run_that_never_began_leaves_nothing(tmp_path):
    run = Run.start(tmp_path / "x", "app", Config())
    with pytest.raises(ZeroDivisionError), run.kept_if_begun(), run.locked():
        raise ZeroDivisionError
    assert not run.path.exists()
    run = Run.start(tmp_path / "x", "app", Config(seed=2))  # the same folder is usable
    with pytest.raises(ZeroDivisionError), run.kept_if_begun():
        run.log("train", 1, loss=1.0)
        raise ZeroDivisionError
    again = Run.start(tmp_path / "x", "app", Config(seed=2))
    (again.path / "metrics.jsonl").unlink()
    with pytest.raises(ZeroDivisionError), again.kept_if_begun():  # the folder existed before
        raise ZeroDivisionError
    assert again.path.exists()


def test_starts_are_recorded(tmp_path):
    run = Run.start(tmp_path, "app", Config())
    run.record_start()
    run.record_start()
    rows = [json.loads(line) for line in (tmp_path / "starts.jsonl").read_text().splitlines()]
    assert len(rows) == 2 and rows[0]["time"] <= rows[1]["time"]
    assert {"command", "python", "tensorflow", "keras"} <= rows[0].keys()


def test_measurements(tmp_path):
    run = Run.start(tmp_path, "app", Config())
    assert run.rows() == []
    for step in (1, 2, 3):
        run.log("train", step, loss=1 / step)
    run.log("validation", 3, loss=None)
    run.forget_after(2)
    expected = [{"kind": "train", "step": step, "loss": 1 / step} for step in (1, 2)]
    assert run.rows() == expected
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"kind": "train", "ste')  # as after a power failure
    assert run.rows() == expected
    run.forget_after(2)  # as at every start
    run.log("train", 3, loss=0.1)
    assert run.rows() == [*expected, {"kind": "train", "step": 3, "loss": 0.1}]


def test_a_folder_that_cannot_be_written(tmp_path):
    run = Run(tmp_path / "none", "app", Config())
    with pytest.raises(UserError, match="cannot write .*metrics.jsonl"):
        run.log("train", 1)


def test_examples_are_kept_one_a_line(tmp_path):
    run = Run.start(tmp_path / "run", "app", Config())
    run.keep_examples(iter(["a  b\nc", "", "你 好"]))
    assert run.examples() == ["a b c", "", "你 好"]


def test_outputs_are_kept_one_example_a_line(tmp_path):
    run = Run.start(tmp_path, "app", Config())
    folder = run.keep_outputs("test", ("in", "out"), zip(["a\tb\nc", ""], ["é", 3], strict=True))
    assert (folder / "test.tsv").read_text(encoding="utf-8") == "in\tout\na b c\té\n\t3\n"
    blocked = Run(tmp_path / "none", "app", Config())
    with pytest.raises(UserError, match="cannot write .*test.tsv"):
        blocked.keep_outputs("test", ("in",), [])


def test_a_score_without_a_number_is_stored(tmp_path, capsys):
    run = Run.start(tmp_path, "app", Config())
    values = {"good": 1.23456, "none": float("nan"), "exploded": float("inf")}
    scores = {name: Score(name, value, "n:1") for name, value in values.items()}
    result = run.store_evaluation("test", scores, step=3)
    assert [result[name] for name in values] == [1.2346, None, None]
    assert "NaN" not in (tmp_path / "evaluation.json").read_text()
    assert json.loads((tmp_path / "evaluation.json").read_text()) == {"test": result}
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == [
        "1.23",
        "nan",
        "inf",
    ]
