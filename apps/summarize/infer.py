"""Summarises text: python -m apps.summarize.infer RUN [TEXT ...]; without TEXT, standard input."""

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.summarize.config import Config
from common.commands import numbered, print_list
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from data.readers import documents, read_lines


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Texts to summarise. Without any: standard input, one line in, one line out."""
    file: str = ""
    """Read documents from this file instead, one a line; also .gz."""
    documents: tuple[str, ...] = ()
    """Summarise these files (text or HTML) together, as one multi-document source."""
    n_best: int = 1
    """Print the N best summaries of each text with their scores; an empty line separates texts."""
    json: bool = False
    """Print one JSON object per line: source, summaries with scores, origin of each word."""
    attention: str = ""
    """Draw the attention of a single summary into this PNG file, and print the summary with its
    copied words in brackets (with --json, as a list of words)."""
    beam: int | None = None
    """Beam size; 0: greedy search; None: the run's own."""
    length_penalty: float | None = None
    """Beam search: above 0 favours longer summaries; None: the run's own."""
    min_length: int | None = None
    """Beam search: minimum tokens of a summary; None: the run's own."""
    no_repeat_ngram: int | None = None
    """Beam search: no n-gram of this length occurs twice; 0: off; None: the run's own."""
    coverage_penalty: float | None = None
    """Beam search: above 0 penalises source words without attention; None: the run's own."""


def main():
    command = tyro.cli(Command, prog="python -m apps.summarize.infer", description=__doc__)
    if sum(map(bool, (command.text, command.file, command.documents))) > 1:
        raise UserError("give only one of TEXT, --file and --documents")
    if command.attention and len(command.text) != 1 and not command.documents:
        raise UserError("--attention draws a single summary: give one text, or --documents")
    texts = command.text
    if command.documents:
        texts = (documents.of_text_files(command.documents),)
    parts = numbered(texts, command.file, read_lines)

    load_tensorflow()
    from apps.summarize import pictures, pipeline
    from apps.summarize.provenance import provenance
    from apps.summarize.search import chosen
    from common.runs import Run

    run = Run.open(command.run, "summarize", Config)
    summarizer, _ = pipeline.load(run)
    search = chosen(run.config.decoding.beam, command)
    for first, part in parts:
        answered = zip(part, summarizer(part, search, first=first), strict=True)
        for number, (text, found) in enumerate(answered, start=first):
            if command.json:
                row = {"source": text, "summaries": [item._asdict() for item in found]}
                row["words"] = provenance(summarizer, text, found[0].text).json()
                print(json.dumps(row, ensure_ascii=False))
            elif command.n_best > 1:
                print_list(number, [(item.score, item.text) for item in found])
            else:
                print(found[0].text)
        sys.stdout.flush()
    if command.documents and not command.json or command.attention:
        told = provenance(summarizer, text, found[0].text)
        if not command.json:
            print(pictures.marked(told))
        if command.attention:
            for warning in pictures.copy_map(command.attention, told):
                print(f"warning: {warning}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
