"""Scores a run on a split: python -m apps.music.evaluate RUN [--split validation] ..."""

import json
import time
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.music.config import Config
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    split: str = "test"
    """Split of the run's data: train, validation or test."""
    pieces: int = 20
    """Number of pieces to compose and measure; 0: likelihoods only."""
    temperature: float = 0.8
    """Sampling temperature of the pieces: below 1 safer, above 1 more varied."""
    seed: int = 1
    """Random seed of the pieces."""
    parallels: bool = False
    """Allow parallel fifths, octaves and unisons between the voices of the pieces."""


def main():
    command = tyro.cli(Command, prog="python -m apps.music.evaluate", description=__doc__)
    if command.pieces < 0:
        raise UserError(f"--pieces is {command.pieces}: it must be 0 or more")

    load_tensorflow()
    from apps.music import dataset, pipeline
    from apps.music.composer import Composer
    from apps.music.composition_scores import compose_like, measure_pieces
    from apps.music.likelihood_scores import likelihoods, marginal
    from apps.music.request import Request
    from common.runs import Run

    run = Run.open(command.run, "music", Config)
    made, meta = pipeline.load(run, parallels=command.parallels)
    composer = Composer(made)
    pieces = dataset.read_pieces(run.config, command.split)
    found = likelihoods(composer, pieces)
    started = time.monotonic()
    steps = 0
    if command.pieces:
        training = dataset.read_pieces(run.config, "train")
        found |= marginal(composer, training, pieces)
        request = Request(temperature=command.temperature, seed=command.seed)
        composed, real = compose_like(composer, pieces, command.pieces, request)
        found |= measure_pieces(composer, composed, real, training)
        steps = sum(map(len, composed))
    seconds = time.monotonic() - started

    result = run.store_evaluation(
        command.split,
        found,
        pieces=len(pieces),
        composed=command.pieces and len(composed),
        steps_per_second=round(steps / seconds, 1),
        step=meta["step"],
    )
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    run_main(main)
