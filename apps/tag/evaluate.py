"""Scores a run on a split or on your own file: python -m apps.tag.evaluate RUN ..."""

import dataclasses
import json
import sys
import time
from typing import Annotated

import tyro

from apps.tag.config import Config
from common.errors import run_main
from common.system.tensorflow import load_tensorflow
from data import DataError


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    file: str = ""
    """Your own file instead of a split: CoNLL-U (NAME.conllu), or lines of word/tag word/tag."""


def main():
    command = tyro.cli(Command, prog="python -m apps.tag.evaluate", description=__doc__)

    load_tensorflow()
    from apps.tag import dataset, pipeline, scores
    from common.analysis import confusion_matrix
    from common.baselines import HiddenMarkovModel
    from common.files import atomic
    from common.runs import Run

    run = Run.open(command.run, "tag", Config)
    tagger, meta = pipeline.load(run)
    sentences = (
        dataset.own_sentences(command.file, run.config.data)
        if command.file
        else dataset.read_sentences(run.config.data, command.split)
    )
    words, references = ([sentence[n] for sentence in sentences] for n in (0, 1))
    raw = tagger([sentence.text for sentence in sentences])
    tagger.of_words(words[:1])  # compiles before time is measured
    started = time.monotonic()
    tags = [one.tags for one in tagger.of_words(words)]
    seconds = time.monotonic() - started

    known, baselines = None, {}
    try:
        counts = dataset.tag_counts(run.config.data)
        known = set(counts.words)
        baselines = {"most_frequent": counts, "hmm": HiddenMarkovModel(counts)}
    except DataError as error:
        print(f"note: no baselines and no scores of unknown words: {error}", file=sys.stderr)
    told = scores.of_tags(tags, references, words, known) | scores.of_raw_text(raw, sentences)
    for name, baseline in baselines.items():
        made = scores.of_tags(list(map(baseline, words)), references, words, known)
        told |= {f"{name}_{label}": score for label, score in made.items()}

    count = sum(map(len, words))
    result = run.store_evaluation(
        command.file or command.split,
        told,
        sentences=len(sentences),
        words=count,
        words_per_second=round(count / seconds),
        step=meta["step"],
    )
    label = "file" if command.file else command.split
    rows = (
        (" ".join(cut), pipeline.Tagged(cut, ours, []), pipeline.Tagged(cut, reference, []))
        for cut, ours, reference in zip(words, tags, references, strict=True)
    )
    folder = run.keep_outputs(label, ("words", "tagged", "right"), rows)
    with atomic(folder / f"{label}-tags.tsv") as file:
        file.write(scores.table(tags, references))
    labels, matrix = scores.matrix(tags, references)
    picture = folder / f"{label}-confusion.png"
    for warning in confusion_matrix(picture, matrix, labels, f"{count:,} words"):
        print(f"warning: {warning}", file=sys.stderr)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main)
