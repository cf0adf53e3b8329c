"""The measurements of a run: metrics.jsonl, a JSON object a line."""

import json
from pathlib import Path


def read_rows(folder):
    """The measurements of a run's folder, oldest first; none where it has no metrics.jsonl.

    Lines that are no measurement are left out, such as one that a power failure has cut short.

    Returns: dicts with at least "kind", a string, and "step", an integer.
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
