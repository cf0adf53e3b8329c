"""Scores a run on a split or on your own file: python -m apps.answer.evaluate RUN ..."""

import dataclasses
import json
import sys
import time
from typing import Annotated

import tyro

from apps.answer.config import Config
from common.errors import run_main
from common.system.tensorflow import load_tensorflow


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    file: str = ""
    """Your own file in bAbI's format instead of a split."""


def main():
    command = tyro.cli(Command, prog="python -m apps.answer.evaluate", description=__doc__)

    load_tensorflow()
    from apps.answer import dataset, pipeline, scores
    from common.analysis import confusion_matrix
    from common.metrics import confusion
    from common.runs import Run

    run = Run.open(command.run, "answer", Config)
    answerer, meta = pipeline.load(run)
    examples = (
        dataset.own_examples(command.file)
        if command.file
        else dataset.read_examples(run.config.data, command.split)
    )
    texts, references = ([getattr(e, name) for e in examples] for name in ("text", "answer"))
    started = time.monotonic()
    found = answerer.best(texts)
    seconds = time.monotonic() - started

    measured = scores.by_kind(found, examples)
    if run.config.model.kind == "memory":
        measured |= scores.looked_at_support(answerer.look(texts), examples)
    guessed = scores.majority(dataset.read_examples(run.config.data, "train"), examples)
    measured |= scores.means("majority_", guessed, examples)
    rate = round(len(examples) / seconds, 1)
    facts = {"questions": len(examples), "questions_per_second": rate, "step": meta["step"]}
    result = run.store_evaluation(command.file or command.split, measured, **facts)
    label = "file" if command.file else command.split
    rows = zip(texts, found, references, strict=True)
    folder = run.keep_outputs(label, ("story and question", "answer", "right"), rows)
    labels = sorted({*found, *references})
    counts = confusion(found, references, labels)
    for warning in confusion_matrix(folder / f"{label}.png", counts, labels, command.file or label):
        print(f"warning: {warning}", file=sys.stderr)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main)
