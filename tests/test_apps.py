"""A contract for every folder of apps/: the commands work, resume, and refuse wrong input.

An app is found by its train.py. Its run folder has examples.txt: inputs of `infer`, one per line.
"""

import dataclasses
import importlib
import io
import json
import os
import runpy
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
APPS = sorted(path.parent.name for path in (ROOT / "apps").glob("*/train.py"))
FILES = ("README.md", "config.py", "dataset.py", "model.py", "train.py", "evaluate.py", "infer.py")
STEPS = 6


def command(monkeypatch, capsys, module, *arguments, stdin=""):
    """Runs `python -m module arguments` in this process: (exit code, stdout lines, stderr)."""
    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        runpy.run_module(module, run_name="__main__")
    out, err = capsys.readouterr()
    return end.value.code, out.split("\n")[:-1], err


@pytest.fixture(scope="module", params=APPS)
def trained(request, tmp_path_factory):
    """(app, run folder) of a run of preset tiny, trained for STEPS updates."""
    app = request.param
    run = tmp_path_factory.mktemp(app) / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train", "tiny", "--run-dir", str(run), "--max-steps", "6"])
        with pytest.raises(SystemExit) as end:
            runpy.run_module(f"apps.{app}.train", run_name="__main__")
        assert end.value.code == 0
    return app, run


@pytest.mark.parametrize("app", APPS)
def test_has_the_usual_files_and_presets(app):
    for name in (*FILES, "export.py"):
        assert (ROOT / "apps" / app / name).is_file(), name
    presets = importlib.import_module(f"apps.{app}.config").PRESETS
    assert {"tiny", "default"} <= set(presets)
    assert all(type(preset) is type(presets["default"]) for preset in presets.values())


@pytest.mark.parametrize("app", APPS)
def test_help_is_quick(app):
    """Commands do not import TensorFlow to show their help."""
    code = (
        "import runpy, sys\n"
        "for module in sys.argv[1:]:\n"
        "    sys.argv = [module, '--help']\n"
        "    try: runpy.run_module(module, run_name='__main__')\n"
        "    except SystemExit as end: assert not end.code, module\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    modules = [f"apps.{app}.{name}" for name in ("train", "evaluate", "infer", "export")]
    done = subprocess.run([sys.executable, "-c", code, *modules], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"usage:") == 4


def test_a_run_is_whole(trained):
    app, run = trained
    for name in ("config.json", "starts.jsonl", "metrics.jsonl", "training.png", "examples.txt"):
        assert (run / name).stat().st_size > 0, name
    assert json.loads((run / "config.json").read_text())["app"] == app
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["kind"] == "validation" and rows[-1]["step"] == STEPS
    assert list((run / "tensorboard").iterdir()) and list((run / "samples").iterdir())


def test_stop_and_resume_is_exact(trained, tmp_path, monkeypatch, capsys):
    app, run = trained
    train = f"apps.{app}.train"
    other = tmp_path / "run"
    arguments = ["tiny", "--run-dir", other, "--max-steps"]
    code, out, _ = command(monkeypatch, capsys, train, *arguments, 3)
    assert code == 0 and out[-1] == str(other)
    code, out, _ = command(monkeypatch, capsys, train, *arguments, STEPS)
    assert code == 0 and any("resuming at step 3" in line for line in out)
    left, right = (newest(folder) for folder in (run, other))
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


def newest(run):
    path = max((run / "checkpoints").glob("last-*.npz"))
    with np.load(path) as file:
        return {name: file[name] for name in file.files if name != "meta"}


def test_evaluate_ends_with_json_and_stores_it(trained, monkeypatch, capsys):
    app, run = trained
    code, out, _ = command(
        monkeypatch, capsys, f"apps.{app}.evaluate", run, "--split", "validation"
    )
    assert code == 0
    result = json.loads(out[-1])
    assert json.loads((run / "evaluation.json").read_text())["validation"] == result
    assert result["signatures"]
    for path in (run / "evaluation").glob("*.tsv"):  # for apps with single outputs
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        assert rows and all(row.count("\t") == header.count("\t") for row in rows)


def test_infer_answers_line_by_line(trained, monkeypatch, capsys):
    app, run = trained
    example = (run / "examples.txt").read_text().splitlines()[0]
    code, out, _ = command(monkeypatch, capsys, f"apps.{app}.infer", run, stdin=f"{example}\n")
    assert code == 0 and len(out) == 1
    again, same, _ = command(monkeypatch, capsys, f"apps.{app}.infer", run, example)
    assert again == 0 and same == out


def test_infer_takes_texts_or_a_file(trained, tmp_path, monkeypatch, capsys):
    app, run = trained
    infer = f"apps.{app}.infer"
    if "--file" not in "\n".join(command(monkeypatch, capsys, infer, "--help")[1]):
        pytest.skip("what this app reads is no lines of text")
    file = shutil.copy(run / "examples.txt", tmp_path)
    code, out, _ = command(monkeypatch, capsys, infer, run, "--file", file)
    assert code == 0 and len(out) == len(Path(file).read_text().splitlines())
    code, out, err = command(monkeypatch, capsys, infer, run, "x", "--file", file)
    assert code == 2 and not out and "--file" in err and len(err.splitlines()) == 1


def test_nothing_is_drawn_of_nothing(trained, tmp_path, monkeypatch, capsys):
    app, run = trained
    infer, picture = f"apps.{app}.infer", tmp_path / "map.png"
    if "--attention" not in "\n".join(command(monkeypatch, capsys, infer, "--help")[1]):
        pytest.skip("this app draws no attention")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        code, _, err = command(monkeypatch, capsys, infer, run, " ", "--attention", picture)
    assert code in (0, 2) and err and "Traceback" not in err and not picture.exists()


def test_export_is_written_and_checked(trained, tmp_path, monkeypatch, capsys):
    app, run = trained
    export = importlib.import_module("common.serving.saved_model")
    checks, compare = {}, export.compare_answers

    def spy(expected, found, loader):
        checks[loader] = expected
        compare(expected, found, loader)

    monkeypatch.setattr(export, "compare_answers", spy)
    code, out, _ = command(monkeypatch, capsys, f"apps.{app}.export", run, "--out", tmp_path / "x")
    assert code == 0 and out[-1] == str(tmp_path / "x" / "1")
    assert (tmp_path / "x" / "1" / "saved_model.pb").is_file()
    assert os.listdir(tmp_path / "x") == ["1"]
    assert set(checks) == {"load", "session"}
    for signatures in checks.values():
        assert all(len(value) for outputs in signatures.values() for value in outputs.values())
    import tensorflow as tf

    signature = tf.saved_model.load(out[-1]).signatures["serving_default"]
    wanted = signature.structured_input_signature[1]
    if all(spec.dtype == tf.string and spec.shape.rank == 1 for spec in wanted.values()):
        # A server may send an empty batch.
        nothing = {
            name: tf.zeros([size or 0 for size in spec.shape], spec.dtype)
            for name, spec in wanted.items()
        }
        assert 0 in [len(value) for value in signature(**nothing).values()]


def test_a_run_of_another_app_is_refused(trained, tmp_path, monkeypatch, capsys):
    app, run = trained
    other = tmp_path / "other"
    shutil.copytree(run, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "app": "cooking"}))
    for name in ("evaluate", "infer", "export"):
        code, _, err = command(monkeypatch, capsys, f"apps.{app}.{name}", other)
        assert code == 2 and "'cooking'" in err and len(err.splitlines()) == 1


def test_damage_is_one_clear_line(trained, tmp_path, monkeypatch, capsys):
    app, run = trained
    other = tmp_path / "other"
    shutil.copytree(run, other)
    best = other / "checkpoints" / "best.npz"
    best.write_bytes(best.read_bytes()[: best.stat().st_size // 2])
    code, _, err = command(monkeypatch, capsys, f"apps.{app}.infer", other, "x")
    assert code == 2 and "damaged" in err and len(err.splitlines()) == 1
    code, _, err = command(monkeypatch, capsys, f"apps.{app}.infer", tmp_path / "none", "x")
    assert code == 2 and "not a run folder" in err


def numbers(kind, path=""):
    """(name, annotation) of every number in a configuration class and its nested classes."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if dataclasses.is_dataclass(hint):
            yield from numbers(hint, f"{path}{name}.")
        elif {int, float} & {hint, *get_args(hint), *get_args((get_args(hint) or [0])[0])}:
            yield path + name, hint


@pytest.mark.parametrize("app", APPS)
def test_every_number_has_a_range(app, monkeypatch, capsys):
    config = importlib.import_module(f"apps.{app}.config").Config
    found = dict(numbers(config))
    assert "model.units" in found
    without = [name for name, hint in found.items() if not hasattr(hint, "__metadata__")]
    assert not without
    code, _, err = command(monkeypatch, capsys, f"apps.{app}.train", "tiny", "--model.units", "0")
    assert code == 2 and "model.units is 0: it must be at least 1" in err


def test_unknown_presets_and_fields(trained, monkeypatch, capsys):
    app, _ = trained
    code, _, err = command(monkeypatch, capsys, f"apps.{app}.train", "huge")
    assert code == 2 and "tiny" in err and "default" in err
    code, _, err = command(monkeypatch, capsys, f"apps.{app}.train", "tiny", "--model.unitz", "3")
    assert code == 2 and "--model.units" in err
