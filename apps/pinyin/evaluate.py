"""Scores a run on a split or on your own text: python -m apps.pinyin.evaluate RUN ..."""

import dataclasses
import json
import time
from typing import Annotated

import tyro

from apps.pinyin.config import Config
from common.errors import run_main
from common.searches import record
from common.system.tensorflow import load_tensorflow

TOP = 5


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    part: str = ""
    """Configuration of the data set `pinyin` to score instead of the run's own, such as hsk."""
    file: tuple[str, ...] = ()
    """Your own files or folders of Chinese text instead of a split."""
    beam: int | None = None
    """Beam size; 0: greedy search; None: the run's own."""
    language_weight: float | None = None
    """Weight of the language model, 0 to 1; None: the run's own."""


def main():
    command = tyro.cli(Command, prog="python -m apps.pinyin.evaluate", description=__doc__)

    load_tensorflow()
    from apps.pinyin import dataset, pipeline
    from apps.pinyin.baselines import Baselines
    from common.commands import search_with
    from common.metrics import accuracy, error_rate
    from common.runs import Run

    run = Run.open(command.run, "pinyin", Config)
    converter, meta = pipeline.load(run, language_weight=command.language_weight)
    if command.file:
        pairs = dataset.own_pairs(command.file)
    elif command.part:
        pairs = dataset.set_pairs(command.part, command.split)
    else:
        pairs = dataset.read_pairs(run.config.data, command.split)
    sources, texts = map(list, zip(*pairs, strict=True))
    n_best = 1 if command.beam == 0 else TOP
    search = search_with(run.config.decoding.beam, beam=command.beam, n_best=n_best)
    started = time.monotonic()
    found = [[one.text for one in readings] for readings in converter(sources, search)]
    seconds = time.monotonic() - started

    scores = {}

    def compare(name, outputs):
        scores[f"error_rate{name}"] = error_rate(outputs, texts)
        scores[f"accuracy{name}"] = accuracy(outputs, texts)

    outputs = [readings[0] if readings else "" for readings in found]
    compare("", outputs)
    if n_best > 1:
        hits = [text if text in five else None for text, five in zip(texts, found, strict=True)]
        scores[f"accuracy_top_{TOP}"] = accuracy(hits, texts)
    compare("_unspaced", converter.best(["".join(source.split()) for source in sources], search))

    tokenizers = converter.syllables, converter.characters

    def columns(pairs):
        return dataset.make_batches(run.config, pairs, *tokenizers).columns

    allowed = converter.model.allowed.numpy()
    baselines = Baselines(columns(dataset.read_pairs(run.config.data, "train")), allowed)
    rows = columns(pairs)[0]
    for name, baseline in [("_hmm", baselines.hmm), ("_most_frequent", baselines.most_frequent)]:
        compare(name, ["".join(converter.characters.pieces(baseline(row))) for row in rows])

    label = ", ".join(command.file) or " ".join(filter(None, (command.part, command.split)))
    result = run.store_evaluation(
        label,
        scores,
        pieces=len(pairs),
        search=record(search),
        language_weight=converter.language_weight,
        pieces_per_second=round(len(pairs) / seconds, 1),
        step=meta["step"],
    )
    name = "files" if command.file else label.replace(" ", "-")
    rows = zip(sources, outputs, texts, strict=True)
    run.keep_outputs(name, ("pinyin", "characters", "right"), rows)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main)
