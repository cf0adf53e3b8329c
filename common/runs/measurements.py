"""Reading of a run's files with one JSON object per line, such as metrics.jsonl."""

import json
from pathlib import Path


def read_rows(folder):
    """The measurements of a run folder, oldest first; none if it has no metrics.jsonl.

    Returns:
        Dicts with at least "kind", a string, and "step", an integer.
    """
    return [
        row
        for row in read_objects(Path(folder, "metrics.jsonl"))
        if isinstance(row.get("kind"), str) and type(row.get("step")) is int
    ]


def read_objects(path):
    """The JSON objects of a file, one per line; none if there is no file.

    Invalid lines are skipped, such as a line cut short by a power failure.
    """
    path = Path(path)
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [row for row in map(_parsed, lines) if isinstance(row, dict)]


def _parsed(line):
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
