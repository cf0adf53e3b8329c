"""Scores a run on a split or on your own files: python -m apps.lm.evaluate RUN ..."""

import dataclasses
import json
import time
from typing import Annotated

import tyro

from apps.lm.config import Config
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    file: tuple[str, ...] = ()
    """Your own text files, or folders of them, instead of a split."""
    temperature: bool = False
    """Also score with the softmax temperature that is best on the validation text."""
    cache: bool = False
    """Also score with a neural cache over the last 2,000 tokens (Grave et al. 2017)."""
    dynamic: bool = False
    """Also score with dynamic evaluation: weights adapt to the text (Krause et al. 2018); slow."""


def main():
    command = tyro.cli(Command, prog="python -m apps.lm.evaluate", description=__doc__)

    load_tensorflow()
    from apps.lm import dataset, pipeline
    from common.batches import encode
    from common.metrics import (
        bits_per_character,
        character_perplexity,
        perplexity,
        word_perplexity,
    )
    from common.runs import Run
    from common.text import UNK

    run = Run.open(command.run, "lm", Config)
    writer, meta = pipeline.load(run)
    name = ", ".join(command.file) or command.split
    lines = (
        dataset.own_lines(command.file)
        if command.file
        else dataset.read_lines(run.config.data, command.split)
    )
    tokens = encode(writer.tokenizer.tokenize, lines)
    started = time.monotonic()
    nll, count = writer.nll(tokens)
    seconds = time.monotonic() - started
    if run.config.streams.mode == "lines":
        lines = [line for line in lines if line.strip()]  # empty lines are not scored
    words, characters, chinese = dataset.count(lines)
    unknown = int((tokens.flat == UNK).sum())
    scores = {
        "perplexity": perplexity(nll, count),
        "word_perplexity": word_perplexity(nll, words, unknown),
        "bits_per_character": bits_per_character(nll, characters, unknown),
    }
    if chinese:
        scores["character_perplexity"] = character_perplexity(nll, chinese, unknown)
    settings = {}
    for label, adapted in adaptations(command, run.config, writer, tokens).items():
        nll, settings[label] = adapted()
        scores[f"perplexity_{label}"] = perplexity(nll, count)
        scores[f"bits_per_character_{label}"] = bits_per_character(nll, characters, unknown)
    result = run.store_evaluation(
        name,
        scores,
        tokens=count,
        **({"adapted": settings} if settings else {}),
        tokens_per_second=round(count / seconds, 1),
        step=meta["step"],
    )
    print(json.dumps(result, ensure_ascii=False))


def adaptations(command, config, writer, test):
    """The requested adaptations in addition to the plain model: label -> () -> (nll, settings)."""
    from apps.lm import adapt, dataset
    from common.batches import encode

    wanted = [name for name in ("temperature", "cache", "dynamic") if getattr(command, name)]
    if not wanted:
        return {}
    if config.streams.mode == "lines":
        raise UserError(
            "the run reads line by line: --temperature, --cache and --dynamic are for "
            "runs with streams.mode stream"
        )
    model = writer.model

    def encoded(split):
        return encode(writer.tokenizer.tokenize, dataset.read_lines(config.data, split))

    validation = encoded("validation")
    all_of_them = {
        "temperature": lambda: adapt.with_temperature(model, validation, test),
        "cache": lambda: adapt.with_cache(model, validation, test),
        "dynamic": lambda: adapt.with_dynamic_evaluation(model, encoded("train"), validation, test),
    }
    return {name: all_of_them[name] for name in wanted}


if __name__ == "__main__":
    run_main(main)
