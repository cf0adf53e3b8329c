"""Recurrent layers on one task: python -m apps.music.compare --out DIR [--cells lstm gru ...].

Trains preset jsb once for each cell and seed, with the units that come nearest to one number of
parameters, and prints a table of test nll: mean and spread. What is done is not done again. A run
that fails, as one whose loss explodes, counts in the table as failed.
"""

import json
import math
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from apps.music.config import PRESETS
from common.errors import UserError, run_main
from common.quiet import load_tensorflow


@dataclass
class Command:
    out: Annotated[str, tyro.conf.arg(help="Folder of the runs and of table.md.")]
    cells: tuple[str, ...] = ()
    """Names of cells; without any, all that the suite has."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Each cell is trained with each of these."""
    parameters: int = 250_000
    """Every model is as near to this as whole units allow."""
    preset: str = "jsb"
    """Preset that the runs share but for cell, units and seed."""
    epochs: int = 0
    """Epochs of each run; 0: those of the preset."""


def units_for(cell, parameters, model):
    """The units that bring a model nearest to a number of parameters, found by halving."""
    from apps.music.model import make_model

    def count(units):
        return make_model(replace(model, cell=cell, units=units), 1).count_params()

    low, high = 8, 2048
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= parameters else (low, middle)
    return min((low, high), key=lambda units: abs(count(units) - parameters))


def main():
    command = tyro.cli(Command, prog="python -m apps.music.compare", description=__doc__)
    if command.preset not in PRESETS or PRESETS[command.preset].model.kind != "frames":
        known = ", ".join(name for name, preset in PRESETS.items() if preset.model.kind == "frames")
        raise UserError(f"--preset is {command.preset}: choose one of {known}")
    load_tensorflow()
    from common.layers import CELLS

    if unknown := set(command.cells) - set(CELLS):
        raise UserError(f"no cells {', '.join(unknown)}: there are {', '.join(CELLS)}")
    preset, rows = PRESETS[command.preset], []
    for cell in command.cells or tuple(CELLS):
        units = units_for(cell, command.parameters, preset.model)
        found = []
        for seed in command.seeds:
            run = Path(command.out, f"{cell}-{seed}")
            options = ["--model.cell", cell, "--model.units", str(units), "--seed", str(seed)]
            if command.epochs:
                options += ["--training.epochs", str(command.epochs)]
            train = ["apps.music.train", command.preset, "--run-dir", str(run), *options]
            score = ["apps.music.evaluate", str(run), "--pieces", "0"]
            scores = run / "evaluation.json"
            if not scores.exists():
                for part in (train, score):
                    if subprocess.run([sys.executable, "-m", *part]).returncode:
                        print(f"note: {cell} with seed {seed} failed, see above", file=sys.stderr)
                        break
            nll = json.loads(scores.read_text())["test"]["nll"] if scores.exists() else None
            if nll is not None:  # as it is where it is not finite
                found.append(nll)
        mean = statistics.mean(found) if found else math.inf
        spread = statistics.stdev(found) if len(found) > 1 else 0.0
        failed = len(command.seeds) - len(found)
        rows.append((mean, f"| {cell} | {units} | {mean:.3f} | {spread:.3f} | {failed} |"))
    if all(mean == math.inf for mean, _ in rows):
        raise UserError("every run failed: see above")
    table = ["| cell | units | test nll | spread | failed |", "| --- | --- | --- | --- | --- |"]
    table += [row for _, row in sorted(rows)]
    Path(command.out, "table.md").write_text("\n".join(table) + "\n", encoding="utf-8")
    print("\n".join(table))


if __name__ == "__main__":
    run_main(main)
