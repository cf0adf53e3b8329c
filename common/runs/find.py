"""Finding run folders: the newest one, or the one with a name."""

from pathlib import Path

from ..errors import UserError
from . import checkpoints
from .measurements import read_objects

LATEST = "latest"


def latest_run(app) -> Path:
    """The newest run under runs/APP, trained runs preferred.

    Raises:
        UserError: there is no run.
    """
    found = runs_of(app)
    if not found:
        raise UserError(
            f"there is no run under runs/{app}: train one (make train-{app}) or name the run folder"
        )
    trained = [path for path in found if (path / "checkpoints" / "best.npz").exists()]
    return max(trained or found, key=lambda path: (path / "config.json").stat().st_mtime)


def named_run(path, app) -> Path:
    """The run folder `path`, or the run of that name under runs/APP.

    Raises:
        UserError: neither is a run; names the runs that exist.
    """
    for folder in (Path(path), Path("runs", app, path)):
        if (folder / "config.json").is_file():
            return folder
    known = ", ".join(map(str, sorted(runs_of(app)))) or f"no run under runs/{app}"
    raise UserError(f"{path} is not a run folder, as it has no config.json; there is {known}")


def runs_of(app) -> list[Path]:
    """All run folders under runs/APP."""
    return [path.parent for path in Path("runs", app).glob("*/config.json")]


def summary(path) -> str:
    """The preset of a run, and the best validation score, as in `(tiny, bleu 3.1)`."""
    starts = read_objects(path / "starts.jsonl")
    command = starts[0].get("command") if starts else None
    words = [word for word in command if isinstance(word, str)] if isinstance(command, list) else []
    preset = words[1] if len(words) > 1 and not words[1].startswith("-") else "default"
    parts = [preset]
    try:
        scores = checkpoints.facts(path / "checkpoints" / "best.npz").get("scores")
    except UserError:  # reported when the weights are read
        scores = None
    for name, value in scores.items() if isinstance(scores, dict) else ():
        if name != "loss" and isinstance(value, int | float):
            parts.append(f"{name} {value:.4g}")
            break
    return f"({', '.join(parts)})"
