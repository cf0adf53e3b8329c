"""Reading of metrics.jsonl, the measurements of a run, one JSON object per line."""

import json
from pathlib import Path


def read_rows(folder):
    """The measurements of a run folder, oldest first; none if it has no metrics.jsonl.

    Invalid lines are skipped, such as a line cut short by a power failure.

    Returns:
        Dicts with at least "kind", a string, and "step", an integer.
    """
    path = Path(folder, "metrics.jsonl")
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [row for row in map(_parsed, lines) if row is not None]


def _parsed(line):
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    sound = isinstance(row.get("kind"), str) and isinstance(row.get("step"), int)
    return row if sound else None
