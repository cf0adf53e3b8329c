"""Scores a run on a split or on your own file: python -m apps.summarize.evaluate RUN ..."""

import dataclasses
import json
import time
from typing import Annotated

import tyro

from apps.summarize.config import Config
from common.errors import run_main
from common.searches import record
from common.system.tensorflow import load_tensorflow


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    file: str = ""
    """Your own file instead of a split, in any format that `data.test` takes."""
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
    command = tyro.cli(Command, prog="python -m apps.summarize.evaluate", description=__doc__)

    load_tensorflow()
    from apps.summarize import dataset, pipeline
    from apps.summarize.baselines import BASELINES
    from apps.summarize.search import chosen
    from common.metrics import abstraction, perplexity, rouge
    from common.runs import Run
    from common.training import total_nll

    run = Run.open(command.run, "summarize", Config)
    summarizer, meta = pipeline.load(run)
    examples = (
        dataset.own_examples(command.file, run.config.data)
        if command.file
        else dataset.read_examples(run.config.data, command.split)
    )
    documents = [example.document for example in examples]
    first = [example.references[0] for example in examples]
    started = time.monotonic()
    search = chosen(run.config.decoding.beam, command)
    outputs = summarizer.best(documents, search)
    seconds = time.monotonic() - started

    scores = rouge(outputs, first)
    scores |= named("{}_unstemmed", rouge(outputs, first, stemmer=False))
    everyone = [example.references for example in examples]
    if several := max(map(len, everyone)) > 1:
        scores |= named("{}_best_reference", rouge(outputs, everyone))
    scores |= abstraction(outputs, documents, first)
    scores |= named("{}_of_references", abstraction(first, documents, first), ("novel", "repeated"))
    batches = dataset.make_batches(run.config, summarizer.tokenizer, examples, limit=False)
    scores["perplexity"] = perplexity(*total_nll(summarizer.model.token_losses, batches))
    kinds = ("rouge1", "rouge2", "rougeL")
    for name, baseline in BASELINES.items():
        made = [baseline(e.document, e.references[:1]) for e in examples]
        scores |= named(f"{name}_{{}}", rouge(made, first, kinds=kinds))
        if several and name != "oracle":
            best = rouge(made, everyone, kinds=kinds)
            scores |= named(f"{name}_{{}}_best_reference", best)

    result = run.store_evaluation(
        command.file or command.split,
        scores,
        documents=len(examples),
        search=record(search),
        documents_per_second=round(len(examples) / seconds, 1),
        step=meta["step"],
    )
    rows = zip(documents, outputs, first, strict=True)
    label = "file" if command.file else command.split
    run.keep_outputs(label, ("document", "summary", "reference"), rows)
    print(json.dumps(result, ensure_ascii=False))


def named(pattern, scores, only=("",)):
    """The scores whose name begins with a prefix in `only`, renamed by `pattern`."""
    return {pattern.format(k): score for k, score in scores.items() if k.startswith(tuple(only))}


if __name__ == "__main__":
    run_main(main)
