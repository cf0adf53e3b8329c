"""Every benchmark of this folder, each in a process of its own: python -m tests.benchmarks.

A benchmark is a module here; `plain_*` are what they compare with. An option goes to those that
have one of its name.
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
    """Measured rounds; without it each benchmark's own number."""
    torch: str | None = None
    """A Python that has PyTorch, to measure that as well."""


def benchmarks():
    """Names of the modules, found by looking."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    return [name for name in names if not name.startswith(("_", "plain_"))]


def call(name, command):
    """What is run for a benchmark: its options are fields of its Command, or of its function."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    has = inspect.signature(getattr(module, "Command", None) or module.measure).parameters
    given = {option: value for option, value in vars(command).items() if value is not None}
    options = [f"--{option}={value}" for option, value in given.items() if option in has]
    return [sys.executable, "-m", module.__name__, *options]


if __name__ == "__main__":
    command = tyro.cli(Command, prog="python -m tests.benchmarks", description=__doc__)
    sys.exit(max(subprocess.run(call(name, command)).returncode for name in benchmarks()))
