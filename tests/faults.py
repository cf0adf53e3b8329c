"""Injects faults into every app, for hours if asked: python -m tests.faults [--kills 20] ...

The fast fault tests are in the test suite; these take longer and run with `make test-faults`.
Everything random depends on --seed. Prints a line for each fault, `ok` or the failure; the exit
code is the number of failures.
"""

import contextlib
import ctypes
import io
import json
import os
import random
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

ROOT = Path(__file__).parents[1]
APPS = sorted(path.parent.name for path in (ROOT / "apps").glob("*/train.py"))
WORDS = ["", " ", "\t", "\u0000", "\u202e", "\U0001f468\u200d\U0001f469", "\ufeff", "{", "}}", "%s"]
WORDS += ["-1", "--help", "<unk>", "\u2581", "../..", "NaN", "a" * 5000, "\u4f60\u597d", "e\u0301"]
# A checkpoint about every second, so that some kills interrupt one, and one is left if one is cut.
TRAIN = ("tiny", "--training.checkpoint-minutes", "0.005")


@dataclass
class Command:
    app: tuple[str, ...] = tuple(APPS)
    """Apps to test."""
    fault: tuple[str, ...] = ()
    """Names of the faults to inject; empty: all."""
    kills: int = 20
    """Number of kills during training and export, at random moments."""
    inputs: int = 200
    """Number of malformed inputs to infer and to the export."""
    seed: int = 1
    """Random seed of moments and inputs."""


class Bench:
    """An app with an undisturbed run of preset tiny, and a folder for damaged copies."""

    def __init__(self, app, folder, command):
        self.app, self.folder, self.kills, self.inputs = app, folder, command.kills, command.inputs
        self.random = random.Random(f"{command.seed} {app}")
        self.run = folder / "undisturbed"
        since = time.monotonic()
        done = self.train(self.run)
        assert done.returncode == 0, done.stderr
        self.seconds = time.monotonic() - since

    def command(self, name, *arguments):
        return [sys.executable, "-m", f"apps.{self.app}.{name}", *map(str, arguments)]

    def call(self, name, *arguments, **options):
        return subprocess.run(
            self.command(name, *arguments), cwd=ROOT, capture_output=True, text=True, **options
        )

    def train(self, run, **options):
        return self.call("train", *TRAIN, "--run-dir", run, **options)

    def killed(self, seconds, name, *arguments):
        """Starts a command and kills it after `seconds`; returns whether it was still running."""
        process = subprocess.Popen(
            self.command(name, *arguments), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=-3
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return False
        process.kill()
        process.wait()
        return True

    def copy(self, name):
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return Path(shutil.copytree(self.run, self.folder / name))

    def refused(self, done, *words):
        """Checks for an error in one last line, without a traceback."""
        assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr[-300:]}"
        *_, last = done.stderr.splitlines() or [""]
        assert last.startswith("error: ") and "Traceback" not in done.stderr, done.stderr[-500:]
        assert all(word in last for word in words), last


def same(left, right):
    for name in ("last-*.npz", "best.npz"):
        ours, theirs = (max((run / "checkpoints").glob(name)) for run in (left, right))
        with np.load(ours) as one, np.load(theirs) as other:
            assert ours.name == theirs.name and set(one.files) == set(other.files)
            for key in set(one.files) - {"meta"}:
                np.testing.assert_array_equal(one[key], other[key], err_msg=key)


def training_killed(bench):
    """Training that is killed again and again ends with the weights of an undisturbed run."""
    hits, run = 0, bench.folder / "killed"
    while hits < bench.kills:
        moment = bench.random.uniform(0, 1.1 * bench.seconds)
        if bench.killed(moment, "train", *TRAIN, "--run-dir", run):
            hits += 1
        else:
            same(run, bench.run)
            shutil.rmtree(run)
    done = bench.train(run)
    assert done.returncode == 0, done.stderr
    same(run, bench.run)


def training_stopped(bench):
    """SIGTERM and Ctrl-C save; the same command resumes to the same weights."""
    run = bench.folder / "stopped"
    for number in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(
            bench.command("train", *TRAIN, "--run-dir", run),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(bench.random.uniform(0.6, 0.9) * bench.seconds)
        process.send_signal(number)
        _, err = process.communicate()
        assert "Traceback" not in err, err
    assert bench.train(run).returncode == 0
    same(run, bench.run)


def export_killed(bench):
    """No half-written version is left, and the next export works and cleans up."""
    out = bench.folder / "exports"
    since = time.monotonic()
    done = bench.call("export", bench.run, "--out", out)
    assert done.returncode == 0, done.stderr
    seconds = time.monotonic() - since
    for _ in range(max(1, bench.kills // 4)):
        moment = bench.random.uniform(0.3, 1) * seconds
        bench.killed(moment, "export", bench.run, "--out", out)
        for version in out.glob("[0-9]*"):
            assert (version / "saved_model.pb").is_file(), version
    assert bench.call("export", bench.run, "--out", out).returncode == 0
    assert not list(out.glob(".export-*")), os.listdir(out)


def checkpoints_cut(bench):
    """With the newest checkpoint cut at every tenth of its length, the one before it is used."""
    for tenth in range(10):
        run = bench.copy("cut")
        newest = max((run / "checkpoints").glob("last-*.npz"))
        content = newest.read_bytes()
        newest.write_bytes(content[: len(content) * tenth // 10])
        done = bench.train(run)
        assert done.returncode == 0 and "is damaged" in done.stderr, done.stderr[-300:]
        same(run, bench.run)
    best = bench.copy("cut") / "checkpoints" / "best.npz"
    best.write_bytes(best.read_bytes()[:-100])
    for name, arguments in (("evaluate", ()), ("export", ("--out", bench.folder / "x"))):
        bench.refused(bench.call(name, bench.folder / "cut", *arguments), "damaged")


def configuration_damaged(bench):
    run = bench.copy("damaged")
    path = run / "config.json"
    content = json.loads(path.read_text())
    wrong = ["", "{", "[]", "null", json.dumps({**content, "seed": "one"})]
    wrong += [json.dumps({**content, "model": 3}), json.dumps({**content, "strange": 1})]
    for text in wrong:
        path.write_text(text)
        bench.refused(bench.call("infer", run, "x"), str(run))


def files_cut(bench):
    """Half of a tokenizer, a list of labels, etc. is refused by name."""
    names = [p.name for p in bench.run.iterdir() if p.suffix in (".json", ".model", ".txt")]
    others = {"config.json", "data.json", "evaluation.json", "examples.txt", "captions.txt"}
    for name in sorted({*names} - others):
        run = bench.copy("half")
        content = (run / name).read_bytes()
        (run / name).write_bytes(content[: len(content) // 2])
        bench.refused(bench.call("infer", run, "x"), name.partition(".")[0])


def clock_set_back(bench):
    """A run whose files are dated a year ahead resumes as usual."""
    run = bench.folder / "tomorrow"
    bench.call("train", *TRAIN, "--run-dir", run, "--max-steps", "3")
    ahead = time.time() + 365 * 86400
    for path in [*run.rglob("*"), run]:
        os.utime(path, (ahead, ahead))
    assert bench.train(run).returncode == 0
    same(run, bench.run)


def disk_full(bench):
    """When files cannot grow, training and export fail in one line, with nothing half-written."""
    size = max((bench.run / "checkpoints").glob("last-*.npz")).stat().st_size

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    run, out = bench.folder / "full", bench.folder / "full-exports"
    done = bench.train(run, preexec_fn=limit)
    bench.refused(done, "cannot write")
    assert not list(run.glob("checkpoints/.*")), os.listdir(run / "checkpoints")
    assert bench.train(run).returncode == 0
    same(run, bench.run)
    bench.refused(bench.call("export", bench.run, "--out", out, preexec_fn=limit), str(out))
    assert os.listdir(out) == []


def loss_not_finite(bench):
    done = bench.call(
        "train", "tiny", "--run-dir", bench.folder / "nan", "--training.learning-rate", "1e30"
    )
    bench.refused(done, "loss", "learning_rate")


def bound_by_permissions():
    """Drops root's right to write anywhere, from the next program on."""
    drop, override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    ctypes.CDLL(None).prctl(drop, override)


def read_only(bench):
    run = bench.copy("read-only")
    shutil.rmtree(run / "tensorboard")
    for folder in (run / "checkpoints", run):
        folder.chmod(0o555)
    try:
        done = bench.train(run, preexec_fn=bound_by_permissions)
    finally:
        for folder in (run, run / "checkpoints"):
            folder.chmod(0o755)
    bench.refused(done, "cannot write")


def malformed(bench):
    """Malformed texts or damaged files; infer must answer, or fail in one line."""
    examples = (bench.run / "examples.txt").read_text().splitlines()
    paths = [Path(example) for example in examples if os.path.isfile(example)]
    if not paths:
        return [
            "".join(
                bench.random.choices([*WORDS, *examples[0].split()], k=bench.random.randint(0, 9))
            )
            for _ in range(bench.inputs)
        ]
    made = []
    for n in range(bench.inputs):
        content = bytearray(bench.random.choice(paths).read_bytes())
        for _ in range(bench.random.randint(0, 20)):
            content[bench.random.randrange(len(content))] = bench.random.randrange(256)
        path = bench.folder / f"malformed-{n}{paths[0].suffix}"
        path.write_bytes(content[: bench.random.randint(0, 2 * len(content))])
        made.append(str(path))
    return made


def inputs_malformed(bench):
    for text in malformed(bench):
        code, err = in_process(f"apps.{bench.app}.infer", str(bench.run), "--", text)
        told = err.strip().splitlines()
        assert code == 0 or (code == 2 and told[-1].startswith("error: ")), (
            f"{text!r}: {err[-300:]}"
        )
        assert "Traceback" not in err, f"{text!r}: {err[-500:]}"


def export_fed(bench):
    """The exported graph answers any input, or names the error."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401, registers operations

    out = bench.folder / "fed"
    assert bench.call("export", bench.run, "--out", out).returncode == 0
    serve = tf.saved_model.load(str(out / "1")).signatures["serving_default"]
    wanted = serve.structured_input_signature[1]
    if any(spec.dtype != tf.string for spec in wanted.values()):
        return "skipped: the export takes no text"
    for text in malformed(bench):
        given = Path(text).read_bytes() if os.path.isfile(text) else text.encode()
        value = {name: tf.fill([1] * spec.shape.rank, given) for name, spec in wanted.items()}
        try:
            answer = serve(**value)
        except tf.errors.InvalidArgumentError as error:
            assert os.path.isfile(text), f"{text!r}: {error}"  # any text is valid
        else:
            numbers = [part.numpy() for part in answer.values() if part.dtype.is_floating]
            assert answer and all(np.isfinite(part).all() for part in numbers), text


def in_process(module, *arguments):
    """(exit code, stderr) of a command, run in this process to save time."""
    kept, sys.argv = sys.argv, [module, *arguments]
    err, end = io.StringIO(), None
    try:
        with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
            runpy.run_module(module, run_name="__main__")
    except SystemExit as ended:
        end = ended.code
    finally:
        sys.argv = kept
    return end, err.getvalue()


FAULTS = (
    training_killed,
    training_stopped,
    export_killed,
    checkpoints_cut,
    configuration_damaged,
    files_cut,
    clock_set_back,
    disk_full,
    loss_not_finite,
    read_only,
    inputs_malformed,
    export_fed,
)


def main():
    command = tyro.cli(Command, prog="python -m tests.faults", description=__doc__)
    known = {fault.__name__: fault for fault in FAULTS}
    if not set(command.fault) <= set(known):
        sys.exit(f"there is no such fault: choose from {', '.join(known)}")
    chosen, failed = [known[name] for name in command.fault] or FAULTS, 0
    for app in command.app:
        with tempfile.TemporaryDirectory(prefix=f"faults-{app}-") as folder:
            bench = Bench(app, Path(folder), command)
            for fault in chosen:
                since = time.monotonic()
                try:
                    told = fault(bench) or "ok"
                except AssertionError as error:
                    failed, told = failed + 1, f"FAILED: {error}"
                seconds = time.monotonic() - since
                print(f"{app:10} {fault.__name__:24} {seconds:6.0f} s  {told}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
