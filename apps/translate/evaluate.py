"""Scores a run on a split or on your own files: python -m apps.translate.evaluate RUN ..."""

import dataclasses
import json
import time
from typing import Annotated

import tyro

from apps.translate.config import Config
from common.errors import run_main
from common.searches import record
from common.system.tensorflow import load_tensorflow


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    pair: tuple[str, ...] = ()
    """Your own files instead of a split: two aligned text files, or one TSV."""
    beam: int | None = None
    """Beam size; 0: greedy search; None: the run's own."""
    length_penalty: float | None = None
    """Beam search: above 0 favours longer translations; None: the run's own."""


def main():
    command = tyro.cli(Command, prog="python -m apps.translate.evaluate", description=__doc__)

    load_tensorflow()
    from apps.translate import dataset, pipeline
    from common.commands import search_with
    from common.metrics import bleu, chrf, perplexity, tokenized_bleu
    from common.runs import Run
    from common.training import total_nll

    run = Run.open(command.run, "translate", Config)
    translator, meta = pipeline.load(run)
    name = ", ".join(command.pair) or command.split
    pairs = (
        dataset.own_pairs(command.pair)
        if command.pair
        else dataset.read_pairs(run.config.data, command.split)
    )
    sources, references = map(list, zip(*pairs, strict=True))
    started = time.monotonic()
    search = search_with(
        run.config.decoding.beam, beam=command.beam, length_penalty=command.length_penalty
    )
    outputs = translator.best(sources, search)
    seconds = time.monotonic() - started

    source_language, language = dataset.languages(run.config.data, tell=True)
    scores = [
        bleu(outputs, references, language=language),
        chrf(outputs, references),
        bleu(outputs, references, lowercase=True, language=language),
        tokenized_bleu(outputs, references, language),
    ]
    names = ["bleu", "chrf", "bleu_lowercase", "bleu_tokenized_lowercase"]
    batches = dataset.make_batches(run.config, pairs, *translator.tokenizers, limit=False)
    scores.append(perplexity(*total_nll(translator.model.token_losses, batches)))
    names.append("perplexity")
    if language and source_language == language:  # the score of copying the source
        scores.append(bleu(sources, references, language=language))
        names.append("bleu_of_copying_the_input")

    result = run.store_evaluation(
        name,
        dict(zip(names, scores, strict=True)),
        sentences=len(pairs),
        search=record(search),
        sentences_per_second=round(len(pairs) / seconds, 1),
        step=meta["step"],
    )
    rows = zip(sources, outputs, references, strict=True)
    label = "files" if command.pair else command.split
    run.keep_outputs(label, ("source", "translation", "reference"), rows)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main)
