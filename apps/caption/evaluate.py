"""Scores a run on a split or on your own files: python -m apps.caption.evaluate RUN ..."""

import dataclasses
import json
import time
from typing import Annotated

import tyro

from apps.caption.config import Config
from common.errors import run_main
from common.searches import record
from common.system.tensorflow import load_tensorflow


@dataclasses.dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation, test, or test_unseen or flags of emoji."""
    captions: str = ""
    """Your own captions file (TSV or JSON) instead of a split."""
    folder: str = ""
    """Folder of the pictures of --captions; empty: the folder of that file."""
    beam: int | None = None
    """Beam size; 0: greedy search; None: the run's own."""
    length_penalty: float | None = None
    """Beam search: above 0 favours longer captions; None: the run's own."""
    grid: str = ""
    """Draw a sample of the pictures with their captions into this PNG file."""


def main():
    command = tyro.cli(Command, prog="python -m apps.caption.evaluate", description=__doc__)

    load_tensorflow()
    from apps.caption import dataset, features, pictures, pipeline, scores
    from common.commands import search_with
    from common.metrics import perplexity
    from common.metrics.caption import caption_scores
    from common.runs import Run
    from common.training import total_nll

    run = Run.open(command.run, "caption", Config)
    config = run.config
    captioner, meta = pipeline.load(run)
    found = (
        dataset.own_pictures(command.captions, command.folder)
        if command.captions
        else dataset.read_pictures(config.data, command.split)
    )
    inputs = features.load_inputs(captioner.model, found)
    references = [picture.captions for picture in inputs.pictures]
    known = (run.path / "captions.txt").read_text(encoding="utf-8").split("\n")[:-1]
    search = search_with(config.decoding, beam=command.beam, length_penalty=command.length_penalty)
    started = time.monotonic()
    outputs = captioner.best_of_rows(inputs, search)
    seconds = time.monotonic() - started

    results = caption_scores(outputs, references, config.data.language)
    results["exact"] = scores.exact(outputs, references, config.data.language)
    own = command.captions or config.data.train  # emoji names do not describe these
    if not own and config.data.name == "emoji" and config.data.language == "en":
        results["attributes"] = scores.right_attributes(outputs, references)
    results |= scores.variety(outputs, known, config.data.language)
    batches = dataset.make_batches(config, inputs, captioner.tokenizer, limit=False)
    results["perplexity"] = perplexity(*total_nll(captioner.model.token_losses, batches))
    result = run.store_evaluation(
        command.captions or command.split,
        results,
        pictures=len(outputs),
        search=record(search),
        captions_per_second=round(len(outputs) / seconds, 1),
        step=meta["step"],
    )
    label = "files" if command.captions else command.split
    rows = [
        (p.name, text, " | ".join(p.captions))
        for p, text in zip(inputs.pictures, outputs, strict=True)
    ]
    run.keep_outputs(label, ("picture", "caption", "references"), rows)
    if command.grid:
        pictures.grid(command.grid, inputs.pictures, outputs)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main)
