"""Runs of earlier versions still answer and resume. tests/kept_runs/translate was made by 0.1.0
with:
python -m apps.translate.train tiny --tokenizer.kind word --tokenizer.vocab-size 200
    --model.units 12 --model.embedding-dim 12 --model.cell peephole_lstm --max-steps 6

and NAME.answers.txt with `infer --n-best 2` on the first three lines of its examples.txt.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "kept_runs"
PRESET = ["tiny", "--tokenizer.kind", "word", "--tokenizer.vocab-size", "200"]
PRESET += ["--model.units", "12", "--model.embedding-dim", "12", "--model.cell", "peephole_lstm"]
# Results of 0.1.0 when it resumed this run to its end: step -> validation loss.
LOSSES = {6: 5.20429, 7: 5.17508, 14: 5.00311, 21: 4.90321, 28: 4.86818}


@pytest.fixture
def run(tmp_path):
    return shutil.copytree(KEPT / "translate", tmp_path / "run")


def python(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_old_run_gives_its_old_answers(run):
    texts = (run / "examples.txt").read_text(encoding="utf-8").splitlines()[:3]
    found = python("apps.translate.infer", run, "--n-best", "2", "--", *texts).splitlines()
    expected = (KEPT / "translate.answers.txt").read_text(encoding="utf-8").splitlines()
    assert [line.partition("\t")[2] for line in found] == [
        line.partition("\t")[2] for line in expected
    ]
    for line, other in zip(found, expected, strict=True):
        if other:
            score, told = (float(text.partition("\t")[0]) for text in (line, other))
            assert score == pytest.approx(told, abs=2e-3)


def test_an_old_run_resumes_as_it_would_have(run):
    python("apps.translate.train", *PRESET, "--run-dir", run)
    rows = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    losses = {row["step"]: row["loss"] for row in rows if row["kind"] == "validation"}
    assert losses == pytest.approx(LOSSES, abs=2e-3)
