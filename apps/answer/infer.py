"""Answers questions: python -m apps.answer.infer RUN [TEXT ...]; without TEXT, standard input.

A text is a story followed by a question; with --story it is the question alone.
"""

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.answer.config import Config
from common.commands import numbered, print_list
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from data.readers import read_lines, stories


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Stories with a question at the end. Without any: standard input, one line in, one out."""
    file: str = ""
    """Read lines from this file instead; also .gz."""
    story: str = ""
    """File of sentences, numbered as in bAbI or not, that precede every text."""
    n_best: int = 1
    """Print the N best answers to each text with probabilities; an empty line separates texts."""
    json: bool = False
    """Print one JSON object per line: sentences, question, answers, attention of each hop."""
    attention: str = ""
    """Draw the attention of each hop into this PNG file."""


def main():
    command = tyro.cli(Command, prog="python -m apps.answer.infer", description=__doc__)
    if command.attention and len(command.text) != 1:
        raise UserError("--attention draws a single answer: give one text")
    if command.n_best < 1:
        raise UserError("--n-best must be at least 1")
    parts = numbered(command.text, command.file, read_lines)
    story = stories.sentences_of(command.story) if command.story else ()

    load_tensorflow()
    from apps.answer import pictures, pipeline
    from common.runs import Run

    run = Run.open(command.run, "answer", Config)
    answerer, _ = pipeline.load(run)
    for first, part in parts:
        texts = [stories.in_one(story, text) for text in part]
        answered = zip(texts, answerer(texts, command.n_best, first=first), strict=True)
        for number, (text, found) in enumerate(answered, start=first):
            if command.json:
                row = {"text": text, "answers": [item._asdict() for item in found]}
                if run.config.model.kind == "memory":
                    row |= answerer.look([text])[0]._asdict()
                print(json.dumps(row, ensure_ascii=False))
            elif command.n_best > 1:
                print_list(number, [(item.probability, item.answer) for item in found])
            else:
                print(found[0].answer)
        sys.stdout.flush()
    if command.attention:
        [look] = answerer.look(texts)
        for warning in pictures.hops(command.attention, look, found[0]):
            print(f"warning: {warning}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
