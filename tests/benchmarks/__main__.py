"""Every benchmark of this folder, each in a process of its own: python -m tests.benchmarks [ARGS].

A benchmark is a module here; `plain_*` are what they compare with. ARGS go to each of them.
"""

import subprocess
import sys
from pathlib import Path


def benchmarks():
    """Names of the modules, found by looking."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    return [name for name in names if not name.startswith(("_", "plain_"))]


if __name__ == "__main__":
    codes = [
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *sys.argv[1:]]).returncode
        for name in benchmarks()
    ]
    sys.exit(max(codes, default=0))
