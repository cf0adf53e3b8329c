"""Translates text: python -m apps.translate.infer RUN [TEXT ...]; without TEXT, standard input."""

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.translate.config import Config
from common.commands import numbered, print_list
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from data.readers import read_lines


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Texts to translate. Without any: standard input, one line in, one line out."""
    file: str = ""
    """Read lines from this file instead; also .gz."""
    n_best: int = 1
    """Print the N best translations of each text with scores; an empty line separates texts."""
    json: bool = False
    """Print one JSON object per line: source, and translations with their scores."""
    attention: str = ""
    """Draw the attention of a single text's translation into this PNG file."""
    beam: int | None = None
    """Beam size; 0: greedy search; None: the run's own."""
    sample: bool = False
    """Sample words by their probability instead of searching for the most probable translation."""
    temperature: float = 1.0
    """Sampling: below 1 safer, above 1 more varied."""
    top_k: int = 0
    """Sampling: only from the k most probable words; 0: all."""
    top_p: float = 1.0
    """Sampling: only from the most probable words that together have this probability."""
    seed: int = 1
    """Sampling: the same seed and text give the same translation, in any batch."""


def main():
    command = tyro.cli(Command, prog="python -m apps.translate.infer", description=__doc__)
    if command.attention and len(command.text) != 1:
        raise UserError("--attention draws a single text: give it as an argument")
    parts = numbered(command.text, command.file, read_lines)

    load_tensorflow()
    from apps.translate import pipeline
    from common.commands import sampling, search_with
    from common.runs import Run

    run = Run.open(command.run, "translate", Config)
    translator, _ = pipeline.load(run)
    if command.sample:
        search = sampling(command)
    else:
        search = search_with(run.config.decoding.beam, beam=command.beam, n_best=command.n_best)
    for first, texts in parts:
        answered = zip(texts, translator(texts, search, first=first), strict=True)
        for number, (text, found) in enumerate(answered, start=first):
            if command.json:
                row = {"source": text, "translations": [item._asdict() for item in found]}
                print(json.dumps(row, ensure_ascii=False))
            elif command.n_best > 1:
                print_list(number, [(item.score, item.text) for item in found])
            else:
                print(found[0].text)
        sys.stdout.flush()
    if command.attention:
        from common.analysis import attention_map

        weights, columns, rows = translator.attention(command.text[0], found[0].text)
        for warning in attention_map(command.attention, weights, rows, columns):
            print(f"warning: {warning}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
