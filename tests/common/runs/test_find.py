"""Run folders by name, and what is printed about the newest one."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from common.config import TrainingConfig
from common.errors import UserError
from common.runs import Run, checkpoints


@dataclass(frozen=True)
class Config:
    seed: int = 1
    training: TrainingConfig = field(default_factory=TrainingConfig)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Run.start("runs/app/mine", "app", Config())
    (run.path / "starts.jsonl").write_text(json.dumps({"command": ["train.py", "tiny"]}) + "\n")
    meta = {"step": 3, "scores": {"loss": 2.0, "bleu": 3.14159}}
    checkpoints.save(run.checkpoints / "best.npz", {"model/000/x": np.ones(2)}, meta)
    return run


def test_latest_prints_which_run_it_takes(run, capsys):
    assert Run.open("latest", "app", Config).path == run.path
    assert capsys.readouterr().err == "using runs/app/mine (tiny, bleu 3.142)\n"


@pytest.mark.parametrize("damage", ["[]", "{}", "\xff", '{"command": 5}', '{"command": [1, 2]}'])
def test_a_damaged_record_hides_nothing_else(run, capsys, damage):
    (run.path / "starts.jsonl").write_text(damage, encoding="latin-1")
    (run.checkpoints / "best.npz").write_bytes(b"PK")
    Run.open("latest", "app", Config)
    assert capsys.readouterr().err == "using runs/app/mine (default)\n"


def test_a_bare_name_is_enough(run):
    assert Run.open("mine", "app", Config).path == run.path


def test_a_wrong_name_lists_the_runs_there_are(run):
    with pytest.raises(UserError, match="yours is not a run folder.*there is runs/app/mine"):
        Run.open("yours", "app", Config)
    with pytest.raises(UserError, match="there is no run under runs/other"):
        Run.open("yours", "other", Config)


@pytest.mark.parametrize(
    "name, old, new", [("epochs", 10, 12), ("patience", 2, 0), ("steps", 5, 0)]
)
def test_a_plan_may_grow(tmp_path, name, old, new, capsys):
    Run.start(tmp_path, "app", Config(training=TrainingConfig(**{name: old})))
    larger = Config(training=TrainingConfig(**{name: new}))
    assert Run.start(tmp_path, "app", larger).config == larger
    assert f"training.{name}: {old} -> {new}" in capsys.readouterr().err
    assert Run.open(tmp_path, "app", Config).config == larger
    with pytest.raises(UserError, match=f"training.{name}: {new} -> {old}"):
        Run.start(tmp_path, "app", Config(training=TrainingConfig(**{name: old})))


def test_a_plan_grows_alone(tmp_path):
    Run.start(tmp_path, "app", Config())
    with pytest.raises(UserError, match="seed: 1 -> 2"):
        Run.start(tmp_path, "app", Config(seed=2, training=TrainingConfig(epochs=20)))


def test_a_plan_does_not_grow_while_another_process_trains(tmp_path):
    run = Run.start(tmp_path, "app", Config(training=TrainingConfig(epochs=2)))
    longer = Config(training=TrainingConfig(epochs=3))
    with run.locked(), pytest.raises(UserError, match="another process is training"):
        Run.start(tmp_path, "app", longer)
    assert Run.open(tmp_path, "app", Config).config.training.epochs == 2
