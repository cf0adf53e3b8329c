"""Tags the words of text: python -m apps.tag.infer RUN [TEXT ...]; without TEXT, standard input."""

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.tag.config import Config
from common.commands import numbered
from common.errors import run_main
from common.system.tensorflow import load_tensorflow
from data.readers import read_lines


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Sentences to tag. Without any: standard input, one line in, one line out."""
    file: str = ""
    """Read lines from this file instead; also .gz."""
    cut: bool = False
    """The input is already split into words, separated by spaces."""
    json: bool = False
    """Print one JSON object per line: words, tags, and the probability of each tag."""


def main():
    command = tyro.cli(Command, prog="python -m apps.tag.infer", description=__doc__)
    parts = numbered(command.text, command.file, read_lines)

    load_tensorflow()
    from apps.tag import pipeline
    from common.runs import Run

    run = Run.open(command.run, "tag", Config)
    tagger, _ = pipeline.load(run)
    for _, part in parts:
        for found in tagger(part, command.cut):
            row = {**found._asdict(), "probabilities": [round(p, 4) for p in found.probabilities]}
            print(json.dumps(row, ensure_ascii=False) if command.json else found)
        sys.stdout.flush()


if __name__ == "__main__":
    run_main(main)
