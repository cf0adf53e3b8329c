"""The comparison of cells: equal parameters, equal time, failures, finished parts not repeated."""

import importlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.commands import compare_cells as module
from common.commands.compare_cells import Task, compare, units_for
from common.errors import UserError
from common.system.tensorflow import load_tensorflow


@dataclass(frozen=True)
class Model:
    cell: str = "lstm"
    units: int = 10


@dataclass(frozen=True)
class Preset:
    model: Model = Model()


GATES = {"lstm": 4, "gru": 3, "elman": 1, "ctrnn": 1}
SCORES = {"lstm": 2.0, "gru": 1.0, "elman": 3.0}


def parameters(preset):
    return GATES.get(preset.model.cell, 4) * preset.model.units**2


TASK = Task("music", {"jsb": Preset()}, parameters, "nll", True, ("--pieces", "0"))


@pytest.mark.parametrize("wanted, units", [(400, 20), (419, 20), (422, 21), (1, 8), (10**9, 2048)])
def test_units_are_the_nearest(wanted, units):
    assert units_for(lambda units: units * units, wanted) == units


@pytest.fixture
def commands(monkeypatch):
    """Records commands that only write the files of the real ones; gru takes half the time, ctrnn
    fails."""
    load_tensorflow()  # it runs programs when it is imported
    done = []

    def run(command):
        module_name, *arguments = command[2:]
        done.append((module_name.rsplit(".")[-1], *arguments))
        folder = Path(arguments[0] if "evaluate" in module_name else _after(arguments, "--run-dir"))
        cell = folder.name.split("-")[0]
        if cell == "ctrnn":
            return type("Failed", (), {"returncode": 2})
        folder.mkdir(parents=True, exist_ok=True)
        if "evaluate" in module_name:
            (folder / "evaluation.json").write_text(json.dumps({"test": {"nll": SCORES[cell]}}))
        else:
            seconds = 0.1 if cell == "gru" else 0.2
            last = int(_after(arguments, "--max-steps") or _after(arguments, "--training.steps"))
            rows = [
                {"kind": "train", "step": n, "seconds": 7 + n * seconds}
                for n in range(50, last + 1, 50)
            ]
            text = "\n".join(json.dumps(row) for row in [*rows, {"kind": "validation"}])
            (folder / "metrics.jsonl").write_text(text)
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(module.subprocess, "run", run)
    return done


def _after(arguments, name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


def test_cells_of_equal_size_train_for_equal_time(tmp_path, monkeypatch, commands, capsys):
    line = ["--out", str(tmp_path), "--cells", "elman", "lstm", "ctrnn", "gru", "--seeds", "1"]
    monkeypatch.setattr(sys, "argv", ["compare", *line, "--minutes", "2"])
    compare(TASK)
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in capsys.readouterr().out.splitlines()[2:]
    ]
    # cell, units, parameters, score, spread, updates, seconds, failed: best first
    assert rows[0][:6] == ["gru", "12", "432", "1.000", "0.000", "1200"]
    assert rows[1][:6] == ["lstm", "10", "400", "2.000", "0.000", "600"]
    assert rows[2][:4] == ["elman", "20", "400", "3.000"]
    assert rows[3] == ["ctrnn", "20", "400", "", "", "", "", "1"]
    assert abs(float(rows[0][6]) - float(rows[1][6])) <= 1
    assert (tmp_path / "table.md").read_text().count("\n") == 6
    before = [command for command in commands if "ctrnn" not in str(command)]
    assert len(before) == 9  # each has a trial, a training, an evaluation
    commands.clear()
    compare(TASK)
    assert all("ctrnn" in str(command) for command in commands)  # only failures are tried again
    monkeypatch.setattr(sys, "argv", ["compare", *line, "--minutes", "3"])
    with pytest.raises(UserError, match="trained with other settings .* choose another --out"):
        compare(TASK)


def test_a_cell_with_options_has_its_own_folder(tmp_path, monkeypatch, commands):
    cell = "lstm:layer_norm=true,cell_clip=3"
    out = tmp_path / "new" / "folder"
    line = ["--out", str(out), "--cells", "lstm", cell, "--seeds", "1", "--minutes", "1"]
    monkeypatch.setattr(sys, "argv", ["compare", *line])
    compare(TASK)
    assert (out / "lstm-layer_norm=true-cell_clip=3-1" / "evaluation.json").is_file()
    assert any(cell in command for command in commands)
    assert f"| {cell} |" in (out / "table.md").read_text()


@pytest.mark.parametrize(
    "options, message",
    [
        (["--preset", "band"], "choose one of jsb"),
        (["--cells", "lsmt"], "unknown cell 'lsmt': choose one of lstm, "),
        (["--cells", "ctrnn"], "every run failed"),
        (["--minutes", "-1"], "minutes is -1"),
        (["--parameters", "9"], "--parameters 9 .*: lstm comes nearest with 8 units and 256"),
    ],
)
def test_bad_input_is_told(tmp_path, monkeypatch, commands, options, message):
    monkeypatch.setattr(sys, "argv", ["compare", "--out", str(tmp_path), *options])
    with pytest.raises(UserError, match=message):
        compare(TASK)


@pytest.mark.parametrize("app", ["lm", "translate", "classify", "music"])
def test_parameters_of_an_app_follow_units_and_cell(app, monkeypatch):
    module = importlib.import_module(f"apps.{app}.compare")
    tasks = []
    monkeypatch.setattr(module, "compare", tasks.append)
    module.main()
    preset = tasks[0].presets[{"music": "jsb"}.get(app, "tiny")]

    def count(cell, units):
        return module.parameters(
            replace(preset, model=replace(preset.model, cell=cell, units=units))
        )

    assert count("gru", 24) < count("lstm", 24) < count("lstm", 32)
    assert count("lstm", 24) < count("lstm:layer_norm=true", 24)
