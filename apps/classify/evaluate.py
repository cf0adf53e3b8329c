"""Scores a run on a split or on your own file: python -m apps.classify.evaluate RUN ..."""

import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.classify.config import Config
from common.errors import run_main
from common.system.tensorflow import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    file: str = ""
    """Your own file instead of a split, in any format that `data.test` takes."""
    baselines: bool = True
    """Also score bag-of-words baselines, fitted to the training data each time."""


def main():
    command = tyro.cli(Command, prog="python -m apps.classify.evaluate", description=__doc__)

    # The baselines' fit works on short vectors, where threads would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    load_tensorflow()
    from apps.classify import dataset, pipeline
    from apps.classify.baselines import baselines
    from common.analysis import confusion_matrix
    from common.metrics import Score, accuracy, calibration_error, confusion, macro_f1
    from common.runs import Run

    run = Run.open(command.run, "classify", Config)
    classifier, meta = pipeline.load(run)
    labels, config = classifier.labels, run.config
    examples = (
        dataset.own_examples(command.file, config.data)
        if command.file
        else dataset.read_examples(config.data, command.split)
    )
    dataset.numbers(examples, labels)  # refuses labels that the run does not have
    started = time.monotonic()
    ranked = classifier([example.text for example in examples])
    seconds = time.monotonic() - started

    found, references = [best[0][0] for best in ranked], [example.label for example in examples]
    scores = {"accuracy": accuracy(found, references), "macro_f1": macro_f1(found, references)}
    scores["nll"] = pipeline.mean_nll(ranked, references)
    hits = [one == other for one, other in zip(found, references, strict=True)]
    scores["calibration_error"] = calibration_error([best[0][1] for best in ranked], hits)
    if command.baselines:
        rows = dataset.encode(config, classifier.tokenizer, examples)
        parts = [dataset.read_examples(config.data, split) for split in ("train", "validation")]
        fitted = [
            (dataset.encode(config, classifier.tokenizer, part), dataset.numbers(part, labels))
            for part in parts
        ]
        for name, (guesses, told) in baselines(*fitted, rows, len(labels)).items():
            score = accuracy([labels[n] for n in guesses], references)
            scores[name] = Score(name, score.value, f"{score.signature}|{told}")

    result = run.store_evaluation(
        command.file or command.split,
        scores,
        texts=len(examples),
        texts_per_second=round(len(examples) / seconds, 1),
        step=meta["step"],
    )
    rows = (
        (text, best[0][0], label, f"{best[0][1]:.4f}")
        for (text, label), best in zip(examples, ranked, strict=True)
    )
    name = "file" if command.file else command.split
    folder = run.keep_outputs(name, ("text", "found", "right", "probability"), rows)
    counts = confusion(found, references, labels)
    for warning in confusion_matrix(folder / f"{name}.png", counts, labels):
        print(f"warning: {warning}", file=sys.stderr)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main)
