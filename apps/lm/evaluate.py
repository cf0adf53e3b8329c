"""Scores a run on a split or on people's own files: python -m apps.lm.evaluate RUN ..."""

import dataclasses
import json
import time
from typing import Annotated

import tyro

from apps.lm.config import Config
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    file: tuple[str, ...] = ()
    """Instead of a split: text files, or folders of them."""


def main():
    command = tyro.cli(Command, prog="python -m apps.lm.evaluate", description=__doc__)

    load_tensorflow()
    from apps.lm import data, pipeline
    from common.metrics import bits_per_character, perplexity, word_perplexity
    from common.run import Run
    from common.text import UNK

    run = Run.open(command.run, "lm", Config)
    writer, meta = pipeline.load(run)
    name = ", ".join(command.file) or command.split
    lines = (
        data.own_lines(command.file)
        if command.file
        else data.read_lines(run.config.data, command.split)
    )
    tokens = data.encode(writer.tokenizer, lines)
    started = time.monotonic()
    nll, count = writer.nll(tokens)
    seconds = time.monotonic() - started
    words, characters = data.count(lines)
    unknown = int((tokens.flat_values.numpy() == UNK).sum())
    scores = {
        "perplexity": perplexity(nll, count),
        "word_perplexity": word_perplexity(nll, words, unknown),
        "bits_per_character": bits_per_character(nll, characters, unknown),
    }
    result = run.store_evaluation(
        name,
        scores,
        tokens=count,
        tokens_per_second=round(count / seconds, 1),
        step=meta["step"],
    )
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main, also=(DataError,))
