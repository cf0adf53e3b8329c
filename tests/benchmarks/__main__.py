"""Runs every benchmark of this folder in a separate process: python -m tests.benchmarks.

A benchmark is a module here; the modules `plain_*` are what it compares with. An option is passed
to the benchmarks that have it.
"""

import dataclasses
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import tyro


@dataclasses.dataclass
class Command:
    rounds: int | None = None
    """Measured rounds; None: the benchmark's own."""
    torch: str | None = None
    """A Python with PyTorch, to measure that too."""


def benchmarks():
    """Names of the benchmark modules in this folder."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    return [name for name in names if not name.startswith(("_", "plain_"))]


def call(name, command):
    """The callable of a benchmark: its options are fields of its Command, or its parameters."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    has = inspect.signature(getattr(module, "Command", None) or module.measure).parameters
    given = {option: value for option, value in vars(command).items() if value is not None}
    options = [f"--{option}={value}" for option, value in given.items() if option in has]
    return [sys.executable, "-m", module.__name__, *options]


if __name__ == "__main__":
    command = tyro.cli(Command, prog="python -m tests.benchmarks", description=__doc__)
    sys.exit(max(subprocess.run(call(name, command)).returncode for name in benchmarks()))
