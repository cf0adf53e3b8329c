"""Classifies text: python -m apps.classify.infer RUN [TEXT ...]; without TEXT, standard input."""

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.classify.config import Config
from common.commands import numbered
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from data.readers import read_lines


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Texts to classify. Without any: standard input, one line in, one line out."""
    file: str = ""
    """Read lines from this file instead; also .gz."""
    json: bool = False
    """Print one JSON object per line: the text and the probabilities of all labels, best first."""
    attention: str = ""
    """Draw the attention over a single text's tokens into this PNG file; needs a run with
    --model.pooling attention."""


def main():
    command = tyro.cli(Command, prog="python -m apps.classify.infer", description=__doc__)
    parts = numbered(command.text, command.file, read_lines)
    if command.attention and len(command.text) != 1:
        raise UserError("--attention draws a single text: give one")

    load_tensorflow()
    from apps.classify import pipeline
    from common.analysis import attention_map
    from common.runs import Run

    run = Run.open(command.run, "classify", Config)
    model = run.config.model
    if command.attention and (model.kind == "cnn" or "attention" not in model.pooling):
        raise UserError(
            "this run has no attention to draw: train one with --model.pooling attention"
        )
    classifier, _ = pipeline.load(run)
    for _, part in parts:
        for text, ranked in zip(part, classifier(part), strict=True):
            if command.json:
                told = {label: round(probability, 6) for label, probability in ranked}
                print(json.dumps({"text": text, "probabilities": told}, ensure_ascii=False))
            else:
                print(f"{ranked[0][0]}\t{ranked[0][1]:.4f}")
        sys.stdout.flush()
    if command.attention:
        tokens, weights = classifier.attention(command.text[0])
        title = f"{ranked[0][0]} {ranked[0][1]:.2f}"
        for warning in attention_map(command.attention, weights[None], [title], tokens):
            print(f"warning: {warning}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
