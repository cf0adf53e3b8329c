"""A run's folder: everything that evaluate, infer and export need, and the story of its making.

config.json       the configuration, with the app's name
starts.jsonl      a line for each start: command, time, versions
metrics.jsonl     a line for each measurement
checkpoints/      last-STEP.npz (all that resuming needs), best.npz (the model)
examples.txt      inputs of infer, one a line, which an export is checked with
samples/          what the model said about the same few examples, by step
evaluation.json   scores with their signatures
evaluation/       what was scored: input, output and what is right, one example a line
*.png, tensorboard/, tokenizer files
"""

import atexit
import contextlib
import importlib.metadata
import json
import math
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from ..config import json_form
from ..errors import UserError
from ..files import atomic, clear_leftovers, read_json, write_json
from ..system import workers
from . import guard
from .measurements import read_rows

LATEST = "latest"
START_SECONDS = 2  # that a start waits for another one to write its configuration
PACKAGES = ("tensorflow", "keras", "tensorflow-text", "sentencepiece", "numpy", "sacrebleu")


class Run:
    """An opened run folder. Make one by `Run.start` (training) or `Run.open` (all else).

    Of several workers one, the chief, owns the folder; another one has a temporary `path` of its
    own, and reads the chief's `checkpoints`.
    """

    def __init__(self, path: Path, app: str, config, checkpoints: Path | None = None):
        self.path, self.app, self.config = path, app, config
        self.chief, self.made = checkpoints is None, False
        self.checkpoints = checkpoints or path / "checkpoints"

    @classmethod
    def start(cls, path, app, config):
        """Makes the folder, or goes on in it when it holds the same app and configuration."""
        path = Path(path)
        index, count = workers.place()
        if index:
            own = Path(tempfile.mkdtemp(prefix=f"worker-{index}-"))
            atexit.register(shutil.rmtree, own, ignore_errors=True)
            print(f"worker {index} of {count}; worker 0 tells how it goes", flush=True)
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
            return cls(own, app, config, checkpoints=path / "checkpoints")
        guard.refuse_others(path)
        with guard.locked(
            path, START_SECONDS, make=True
        ):  # of two starts at once, one makes the run
            clear_leftovers(path)
            if (path / "config.json").exists():
                run = cls.open(path, app, type(config))
                if changed := json_form.differences(run.config, config):
                    raise UserError(
                        f"{path} holds a run with another configuration ({'; '.join(changed)}): "
                        "choose another folder by --run-dir (RUN=... for make), or remove that one"
                    )
                return run
            guard.refuse_others(path)
            write_json(path / "config.json", {"app": app, **json.loads(json_form.to_json(config))})
            run = cls(path, app, config)
            run.made = True
            return run

    @classmethod
    def open(cls, path, app, config_type):
        """Opens a finished or unfinished run; `latest` is the newest one under runs/APP."""
        path = latest_run(app) if str(path) == LATEST else Path(path)
        if not (path / "config.json").is_file():
            raise UserError(f"{path} is no run folder: it has no config.json")
        guard.refuse_links_out(path)
        stored = read_json(path / "config.json")
        name = stored.pop("app", None) if isinstance(stored, dict) else None
        if name != app:
            raise UserError(f"{path} is a run of the app {name!r}, not of {app!r}")
        origin = str(path / "config.json")
        return cls(path, app, json_form.from_json(json.dumps(stored), config_type, origin))

    @contextlib.contextmanager
    def kept_if_begun(self):
        """Removes a folder made by this process when that fails before it trains, as on data that
        is not there: the command, put right, may then use it."""
        try:
            yield
        except BaseException:
            if self.made:
                # Only who holds the lock may remove the folder: another start may train in it.
                with contextlib.suppress(UserError), guard.locked(self.path):
                    begun = (self.path / "metrics.jsonl").exists()
                    if not (begun or any(self.checkpoints.glob("*.npz"))):
                        shutil.rmtree(self.path, ignore_errors=True)
            raise

    @contextlib.contextmanager
    def locked(self):
        """Holds the folder for one training process; a second one is refused."""
        with guard.locked(self.path):
            if self.chief and not (self.path / "config.json").exists():
                shutil.rmtree(self.path, ignore_errors=True)  # made by the lock alone
                raise UserError(
                    f"{self.path} was removed by another start, which failed: start again"
                )
            yield

    def record_start(self):
        versions = {"python": platform.python_version(), "platform": platform.platform()}
        for package in PACKAGES:
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                versions[package] = importlib.metadata.version(package)
        command = [Path(sys.argv[0]).name, *sys.argv[1:]]
        self._append("starts.jsonl", {"command": command, "time": time.time(), **versions})

    def keep_examples(self, lines):
        """Inputs of `infer`, one a line, to try it with and to check an export by."""
        with atomic(self.path / "examples.txt") as file:
            file.writelines(" ".join(line.split()) + "\n" for line in lines)

    def examples(self):
        """The lines that `keep_examples` has kept."""
        return (self.path / "examples.txt").read_text(encoding="utf-8").split("\n")[:-1]

    def log(self, kind, step, **values):
        self._append("metrics.jsonl", {"kind": kind, "step": step, **values})

    def rows(self):
        """The lines of metrics.jsonl."""
        return read_rows(self.path)

    def forget_after(self, step):
        """Drops measurements past a checkpoint that training goes back to."""
        rows = [row for row in self.rows() if row["step"] <= step]
        with atomic(self.path / "metrics.jsonl") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    def store_evaluation(self, name, scores, **facts):
        """Prints the scores and adds them to evaluation.json under the name of the data.

        Args:
            scores: label -> `common.metrics.Score`.
            facts: JSON values that say how they came about.

        Returns:
            the stored dict, which is the last line that `evaluate` prints. A score that is not
            finite is None: JSON has no number for it.
        """
        width = max(map(len, scores), default=0) + 2
        for label, score in scores.items():
            print(f"{label:{width}} {score.value:8.2f}   {score.signature}")
        result = {
            "data": name,
            **facts,
            **{
                label: round(score.value, 4) if math.isfinite(score.value) else None
                for label, score in scores.items()
            },
            "signatures": {label: score.signature for label, score in scores.items()},
        }
        path = self.path / "evaluation.json"
        write_json(path, {**(read_json(path) if path.exists() else {}), name: result})
        return result

    def keep_outputs(self, name, header, rows):
        """Writes evaluation/NAME.tsv, a line for each example; returns the folder.

        White space in a cell becomes one space, so that `cut -f2` gives a line for each output.

        Args:
            header: names of the columns: the input, what the model made of it, what is right.
        """
        folder = self.path / "evaluation"
        with contextlib.suppress(OSError):  # what is wrong is told by the next line
            folder.mkdir(exist_ok=True)
        with atomic(folder / f"{name}.tsv") as file:
            for row in (header, *rows):
                file.write("\t".join(" ".join(str(cell).split()) for cell in row) + "\n")
        return folder

    def _append(self, name, row):
        try:
            with open(self.path / name, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise UserError(f"cannot write {self.path / name}: {error.strerror}") from error


def latest_run(app) -> Path:
    found = [path.parent for path in Path("runs", app).glob("*/config.json")]
    if not found:
        raise UserError(
            f"there is no run under runs/{app}: train one (make train-{app}) or name its folder"
        )
    trained = [path for path in found if (path / "checkpoints" / "best.npz").exists()]
    return max(trained or found, key=lambda path: (path / "config.json").stat().st_mtime)
