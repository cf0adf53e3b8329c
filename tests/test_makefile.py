"""RUN, OUT, PRESET and TEXT reach the commands as they are typed."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ODD = "a$5 `date` $(date) \"b\" 'c' \\d ü;touch x"


def make(*arguments):
    """(arguments that a target passes to Python, one per line; messages of make)."""
    printer = "printf '%s\\n'"
    command = ["make", "-s", f"PY={printer}", "STAMP=", *arguments]
    # Not what `make test` hands on to the commands it runs.
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    return done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize(
    "target, variable, before",
    [
        ("infer-lm", "TEXT", "--"),
        ("infer-lm", "RUN", "apps.lm.infer"),
        ("evaluate-lm", "RUN", "apps.lm.evaluate"),
        ("export-lm", "RUN", "apps.lm.export"),
        ("export-lm", "OUT", "--out"),
        ("train-lm", "RUN", "--run-dir"),
        ("train-lm", "PRESET", "apps.lm.train"),
    ],
)
def test_what_is_typed_is_text(target, variable, before):
    arguments, _ = make(target, f"{variable}={ODD}")
    assert arguments[arguments.index(before) + 1] == ODD


def test_without_variables_there_are_defaults():
    assert make("export-lm")[0] == ["-m", "apps.lm.export", "latest", "--out", "exports/lm"]
    assert make("train-lm")[0] == ["-m", "apps.lm.train"]
    assert make("infer-lm")[0] == ["-m", "apps.lm.infer", "latest"]


def test_an_empty_text_is_a_text():
    """A piece of music from nothing, for example; only without TEXT are lines read."""
    assert make("infer-music", "TEXT=")[0] == ["-m", "apps.music.infer", "latest", "--", ""]


@pytest.mark.parametrize("target, known", [("data-x;touch y", "bible"), ("train-x;y", "translate")])
def test_unknown_names_are_refused(target, known):
    arguments, said = make(target)
    assert not arguments and "choose one of" in said and known in said
