"""Compares recurrent cells on one task, with equal parameter counts and optionally in equal time.

An app supplies a `Task`; its command `python -m apps.APP.compare --out DIR [--cells lstm gru ...]`
trains one preset for each cell and seed, evaluates the runs, and prints a table. Finished runs are
not repeated. A run that fails, for example by an exploding loss, is counted as failed.
"""

import json
import math
import re
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from ..cells import CELL_NAMES, read_cell
from ..errors import UserError
from ..files import read_json, write_json
from ..limits import Natural, Weight, check
from ..runs import read_rows
from ..system.tensorflow import load_tensorflow

SAME = {"simple": "elman", "np": "lstm"}  # aliases, which are not trained separately
PILOT = (50, 100)  # updates between which the speed of a cell is measured


@dataclass
class Command:
    """Options of the command."""

    out: Annotated[str, tyro.conf.arg(help="Folder of the runs and of table.md.")]
    cells: tuple[str, ...] = ()
    """Cells, optionally with options (lstm:layer_norm=true); default: all cells of the suite."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Each cell is trained with each of these seeds."""
    parameters: Natural = 0
    """Parameter count that the units of each model are chosen to match; 0: that of the preset."""
    preset: str = ""
    """Preset shared by the runs except for cell, units and seed; default: the first suitable."""
    epochs: Natural = 0
    """Epochs of each run; 0: those of the preset."""
    minutes: Weight = 0.0
    """Training time of each run: plan the updates that its cell makes in that time, as measured in
    a short trial, but at most those of the epochs; 0: the epochs alone decide."""


@dataclass(frozen=True)
class Task:
    """The part of a comparison that an app supplies."""

    app: str
    presets: dict
    """Name -> configuration of the suitable presets."""
    parameters: Callable
    """Configuration -> the parameter count of its network, with the largest vocabulary that the
    configuration allows."""
    score: str
    """Name of the compared test score in evaluation.json."""
    lower_is_better: bool
    evaluate: tuple[str, ...] = ()
    """Options of the app's evaluate command."""


def compare(task):
    """Parses the command line, trains the missing runs, prints the table and saves it as table.md.

    Args:
        task: the `Task`.

    Raises:
        UserError: an invalid option, or every run failed.
    """
    program = f"python -m apps.{task.app}.compare"
    command = tyro.cli(Command, prog=program, description=__doc__.split("\n\n")[0])
    check(command)
    name = command.preset or next(iter(task.presets))
    if name not in task.presets:
        raise UserError(f"--preset is {name}: choose one of {', '.join(task.presets)}")
    for cell in command.cells:
        read_cell(cell)
    load_tensorflow()
    preset = task.presets[name]
    wanted = command.parameters or task.parameters(preset)
    rows = []
    for cell in command.cells or [cell for cell in CELL_NAMES if cell not in SAME]:

        def count(units, cell=cell):
            return task.parameters(
                replace(preset, model=replace(preset.model, cell=cell, units=units))
            )

        units = units_for(count, wanted)
        if not 0.9 < count(units) / wanted < 1.1:
            raise UserError(
                f"--parameters {wanted:,} is out of reach: {cell} comes nearest with {units} units "
                f"and {count(units):,} parameters; choose near {task.parameters(preset):,}, as in "
                "the preset"
            )
        row = Row.of([_run(task, command, name, cell, units, seed) for seed in command.seeds])
        rows.append((row, f"| {cell} | {units} | {count(units):,} {row}"))
    if not any(row.scores for row, _ in rows):
        raise UserError("every run failed: see above")
    rows.sort(key=lambda pair: pair[0].mean if task.lower_is_better else -pair[0].mean)
    rows.sort(key=lambda pair: not pair[0].scores)
    table = [
        f"| cell | units | parameters | test {task.score} | spread | updates | seconds | failed |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(line for _, line in rows),
    ]
    Path(command.out, "table.md").write_text("\n".join(table) + "\n", encoding="utf-8")
    print("\n".join(table))


def units_for(count, parameters):
    """The number of units whose network comes closest to a parameter count, found by bisection.

    Args:
        count: units -> parameters, increasing.
        parameters: the desired count.
    """
    low, high = 8, 2048
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= parameters else (low, middle)
    return min((low, high), key=lambda units: abs(count(units) - parameters))


@dataclass(frozen=True)
class Row:
    """The results of a cell, with an element for each seed that succeeded."""

    scores: list
    updates: list
    seconds: list
    failed: int

    @classmethod
    def of(cls, found):
        """The row of a list of (score, updates, seconds), None for failed runs."""
        good = [one for one in found if one is not None]
        columns = [list(column) for column in zip(*good, strict=True)] or [[], [], []]
        return cls(*columns, failed=len(found) - len(good))

    @property
    def mean(self):
        """The mean score; infinite when all runs failed."""
        return statistics.mean(self.scores) if self.scores else math.inf

    def __str__(self):
        if not self.scores:
            return f"| | | | | {self.failed} |"
        spread = statistics.stdev(self.scores) if len(self.scores) > 1 else 0.0
        updates, seconds = statistics.mean(self.updates), statistics.mean(self.seconds)
        return f"| {self.mean:.3f} | {spread:.3f} | {updates:.0f} | {seconds:.0f} | {self.failed} |"


def _run(task, command, preset, cell, units, seed):
    """Trains and evaluates one run, or reads its results if it is finished.

    Returns:
        (test score, updates, seconds of training); None when the run failed.
    """
    run = Path(command.out, f"{re.sub('[:,]', '-', cell)}-{seed}")
    scores = run / "evaluation.json"
    options = ["--model.cell", cell, "--model.units", str(units), "--seed", str(seed)]
    if command.epochs:
        options += ["--training.epochs", str(command.epochs)]
    train = [f"apps.{task.app}.train", preset, *options, "--run-dir"]
    _refuse_others(run, {"train": train, "minutes": command.minutes})
    if not scores.exists():
        steps = []
        if command.minutes:
            pilot = run.with_name(f"{run.name}-pilot")
            trial = [*train, str(pilot), "--max-steps", str(PILOT[1])]
            if PILOT[1] not in _seconds(pilot) and not _done(trial):
                return _failed(cell, seed)
            steps = ["--training.steps", str(_steps(pilot, command.minutes))]
        evaluate = [f"apps.{task.app}.evaluate", str(run), *task.evaluate]
        if not (_done([*train, str(run), *steps]) and _done(evaluate)):
            return _failed(cell, seed)
    score = json.loads(scores.read_text(encoding="utf-8"))["test"][task.score]
    if score is None:  # not finite, which JSON cannot represent
        return _failed(cell, seed)
    return score, *list(_seconds(run).items())[-1]


def _refuse_others(run, settings):
    """Raises UserError if the run was trained with other settings; records those of a new run."""
    path = run.with_name(run.name + ".json")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, settings)
    elif (found := read_json(path)) != settings:
        raise UserError(
            f"{run} was trained with other settings ({found}, now {settings}): choose another --out"
        )


def _done(module):
    return subprocess.run([sys.executable, "-m", *module]).returncode == 0


def _failed(cell, seed):
    print(f"note: {cell} with seed {seed} failed, see above", file=sys.stderr)


def _seconds(run):
    """Maps each logged update to the seconds of training until then."""
    rows = [row for row in read_rows(run) if row["kind"] == "train" and "seconds" in row]
    return {row["step"]: row["seconds"] for row in rows}


def _steps(pilot, minutes):
    """The number of updates that take `minutes` at the speed of the pilot run."""
    seconds = _seconds(pilot)
    if not set(PILOT) <= set(seconds):
        raise UserError(
            f"--minutes needs a training of at least {PILOT[1]} updates to measure its speed: "
            "leave it out"
        )
    update = (seconds[PILOT[1]] - seconds[PILOT[0]]) / (PILOT[1] - PILOT[0])
    return max(1, round(60 * minutes / max(update, 1e-6)))
