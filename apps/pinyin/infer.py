"""Converts pinyin: python -m apps.pinyin.infer RUN [TEXT ...]; without TEXT, standard input."""

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.pinyin.config import Config
from common.commands import numbered, print_list
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from data.readers import read_lines


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Pinyin to convert. Without any: standard input, one line in, one line out."""
    file: str = ""
    """Read lines from this file instead; also .gz."""
    n_best: int = 1
    """Print the N best readings of each text with scores; an empty line separates texts."""
    score: tuple[str, ...] = ()
    """Print the log-probabilities of these readings of a single text."""
    json: bool = False
    """Print one JSON object per line: source, and readings with their scores."""
    beam: int | None = None
    """Beam size; 0: greedy search; None: the run's own."""
    language_weight: float | None = None
    """Weight of the language model, 0 to 1; None: the run's own."""


def main():
    command = tyro.cli(Command, prog="python -m apps.pinyin.infer", description=__doc__)
    if command.score and len(command.text) != 1:
        raise UserError("--score scores readings of a single text: give it as an argument")
    parts = numbered(command.text, command.file, read_lines)

    load_tensorflow()
    from apps.pinyin import pipeline
    from common.commands import search_with
    from common.runs import Run

    run = Run.open(command.run, "pinyin", Config)
    converter, _ = pipeline.load(run, language_weight=command.language_weight)
    search = search_with(run.config.decoding.beam, beam=command.beam, n_best=command.n_best)
    wrong = 0
    for first, texts in parts:
        found = [converter.score(texts[0], command.score)] if command.score else None
        found = found or converter(texts, search)
        for number, (text, readings) in enumerate(zip(texts, found, strict=True), start=first):
            if not readings:
                wrong += 1
                print(f"error: text {number}: {converter.complaint(text)}", file=sys.stderr)
            if command.json:
                row = {"source": text, "readings": [one._asdict() for one in readings]}
                print(json.dumps(row, ensure_ascii=False))
            elif command.n_best > 1 or command.score:
                print_list(number, [(one.score, one.text) for one in readings])
            else:
                print(readings[0].text if readings else "")
        sys.stdout.flush()
    return 2 if wrong else 0


if __name__ == "__main__":
    run_main(main)
