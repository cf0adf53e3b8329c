"""The folder of a run: all that evaluate, infer and export need, and the record of its training.

config.json       the configuration, with the name of the app
data.json         numbers and digests of the training and validation examples
starts.jsonl      a line for each start: command, time, versions
metrics.jsonl     a line for each measurement
checkpoints/      last-STEP.npz (the complete training state), best.npz (the model)
examples.txt      inputs of infer, one per line, with which exports are verified
samples/          outputs for the same few examples, by step
evaluation.json   scores with their signatures
evaluation/       the scored data: input, output and reference, one example per line
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
from ..config.plan import plan_grown
from ..errors import UserError
from ..files import atomic, clear_leftovers, read_json, write_json
from ..system import workers
from . import guard
from .data_digest import changes, digest_of
from .find import LATEST, latest_run, named_run, summary
from .measurements import read_rows

START_SECONDS = 2  # for which a start waits until another one has written its configuration
PACKAGES = ("tensorflow", "keras", "tensorflow-text", "sentencepiece", "numpy", "sacrebleu")


class Run:
    """An open run folder, created by `Run.start` (training) or `Run.open` (all other commands).

    Of several workers only the chief owns the folder; each of the others has a temporary folder as
    `path` and reads the `checkpoints` of the chief.

    Attributes:
        path, app, config: folder, name of the app, and configuration.
        chief: whether this process owns the folder.
        checkpoints: folder of the checkpoints.
        made: whether this process created the folder.
    """

    def __init__(self, path: Path, app: str, config, checkpoints: Path | None = None):
        self.path, self.app, self.config = path, app, config
        self.chief, self.made = checkpoints is None, False
        self.checkpoints = checkpoints or path / "checkpoints"

    @classmethod
    def start(cls, path, app, config):
        """Creates the folder, or resumes in it if it holds the same app and configuration.

        Raises:
            UserError: the folder holds another run or other files, or cannot be written.
        """
        path = Path(path)
        index, count = workers.place()
        if index:
            own = Path(tempfile.mkdtemp(prefix=f"worker-{index}-"))
            atexit.register(shutil.rmtree, own, ignore_errors=True)
            print(f"worker {index} of {count}; worker 0 prints the progress", flush=True)
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
            return cls(own, app, config, checkpoints=path / "checkpoints")
        guard.refuse_others(path)
        # Of two simultaneous starts, one creates the run.
        with guard.locked(path, START_SECONDS, make=True, name=guard.START):
            clear_leftovers(path)
            if (path / "config.json").exists():
                run = cls.open(path, app, type(config))
                if changed := json_form.differences(run.config, config):
                    if not set(changed) <= set(plan_grown(run.config, config)):
                        raise UserError(
                            f"{path} holds a run with another configuration "
                            f"({'; '.join(changed)}): choose another folder with --run-dir "
                            "(RUN=... for make), or remove it"
                        )
                    print(f"note: the run is planned anew: {'; '.join(changed)}", file=sys.stderr)
                    run.config = config
                    with guard.locked(path):  # not while another process trains by the old plan
                        run.write_config()
                return run
            guard.refuse_others(path)
            run = cls(path, app, config)
            run.write_config()
            run.made = True
            return run

    @classmethod
    def open(cls, path, app, config_type):
        """Opens a finished or unfinished run.

        Args:
            path: the folder, the name of a folder in runs/APP, or `latest` for the newest run
                there, which is then printed on stderr.
            app: name of the app.
            config_type: type of its configuration.

        Raises:
            UserError: the folder is not a run of the app, or its configuration is invalid.
        """
        if str(path) == LATEST:
            path = latest_run(app)
            print(f"using {path} {summary(path)}", file=sys.stderr)
        else:
            path = named_run(path, app)
        guard.refuse_links_out(path)
        stored = read_json(path / "config.json")
        name = stored.pop("app", None) if isinstance(stored, dict) else None
        if name != app:
            raise UserError(f"{path} is a run of the app {name!r}, not of {app!r}")
        origin = str(path / "config.json")
        return cls(path, app, json_form.from_json(json.dumps(stored), config_type, origin))

    @contextlib.contextmanager
    def kept_if_begun(self):
        """Context manager: removes a folder that this process created if it fails before training
        begins, for example on missing data, so that the corrected command can use the folder."""
        try:
            yield
        except BaseException:
            if self.made:
                # Only under both locks: another start may be making the folder, or training in it.
                with (
                    contextlib.suppress(UserError),
                    guard.locked(self.path, START_SECONDS, name=guard.START),
                    guard.locked(self.path),
                ):
                    begun = (self.path / "metrics.jsonl").exists()
                    if not (begun or any(self.checkpoints.glob("*.npz"))):
                        shutil.rmtree(self.path, ignore_errors=True)
            raise

    @contextlib.contextmanager
    def locked(self):
        """Context manager: locks the folder for one training process.

        Raises:
            UserError: another process holds the lock, or has removed the folder.
        """
        with guard.locked(self.path):
            if self.chief and not (self.path / "config.json").exists():
                raise UserError(
                    f"{self.path} was removed by another start, which failed: start again"
                )
            yield

    def record_start(self):
        """Appends the command, the time and package versions to starts.jsonl."""
        versions = {"python": platform.python_version(), "platform": platform.platform()}
        for package in PACKAGES:
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                versions[package] = importlib.metadata.version(package)
        command = [Path(sys.argv[0]).name, *sys.argv[1:]]
        self._append("starts.jsonl", {"command": command, "time": time.time(), **versions})

    def write_config(self):
        """Writes config.json."""
        stored = {"app": self.app, **json.loads(json_form.to_json(self.config))}
        write_json(self.path / "config.json", stored)

    def check_data(self, **parts):
        """Keeps a digest of the data, or compares it with the digest kept by an earlier start.

        Args:
            parts: name ("training", "validation") -> its examples.

        Raises:
            UserError: the data has changed since the run began.
        """
        path = self.path / "data.json"
        found = {name: digest_of(examples) for name, examples in parts.items()}
        if not path.exists():
            write_json(path, found)
        elif (kept := read_json(path)) != found:
            raise UserError(
                f"the data has changed since {self.path} began ({changes(kept, found)}): restore "
                "it, choose another --run-dir, or, to resume with the new data on purpose, remove "
                f"{path}"
            )

    def keep_examples(self, lines):
        """Writes examples.txt: inputs of `infer`, one per line, with which exports are verified."""
        with atomic(self.path / "examples.txt") as file:
            file.writelines(" ".join(line.split()) + "\n" for line in lines)

    def examples(self):
        """The lines written by `keep_examples`."""
        return (self.path / "examples.txt").read_text(encoding="utf-8").split("\n")[:-1]

    def log(self, kind, step, **values):
        """Appends a measurement to metrics.jsonl."""
        self._append("metrics.jsonl", {"kind": kind, "step": step, **values})

    def rows(self):
        """The measurements of metrics.jsonl, see `read_rows`."""
        return read_rows(self.path)

    def forget_after(self, step):
        """Removes the measurements after the step of the checkpoint that training resumes from."""
        rows = [row for row in self.rows() if row["step"] <= step]
        with atomic(self.path / "metrics.jsonl") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    def store_evaluation(self, name, scores, **facts):
        """Prints scores and adds them to evaluation.json under the name of the data.

        Args:
            name: of the data.
            scores: label -> `common.metrics.Score`.
            facts: JSON values that describe how the scores were obtained.

        Returns:
            The stored dict, which is the last line that `evaluate` prints. A score that is not
            finite is None, since JSON cannot represent it.
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
        """Writes evaluation/NAME.tsv with one line per example.

        White space in a cell becomes one space, so that `cut -f2` gives one line per output.

        Args:
            name: of the data.
            header: names of the columns: input, output and reference.
            rows: the cells of each example.

        Returns:
            The folder.

        Raises:
            UserError: the file cannot be written.
        """
        folder = self.path / "evaluation"
        with contextlib.suppress(OSError):  # reported by the next line
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
