"""Trains a music model: python -m apps.music.train [PRESET] [--run-dir DIR] ..."""

from apps.music.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("music", PRESETS) as training:
        from apps.music import dataset
        from apps.music.composer import Composer
        from apps.music.likelihood import Likelihood
        from apps.music.model import make_model
        from apps.music.pipeline import Pipeline
        from common.files import write_json

        config, run = training.config, training.run
        pieces, held_out = training.read(
            lambda _, split: dataset.read_pieces(config, split), whole=True
        )
        limits = dataset.ranges(pieces + held_out)
        held_out = training.checked(held_out)
        write_json(run.path / "ranges.json", limits)
        batches = dataset.make_batches(config, pieces, limits)
        with training.strategy.scope():
            model = make_model(config.model, len(limits))
        pipeline = Pipeline(config, model, limits)
        composer, likelihood = Composer(pipeline), Likelihood(pipeline)
        lines = [line for line in map(composer.example, held_out) if line][:8]
        run.keep_examples(lines)
        steps = sum(len(piece.notes) for piece in pieces)
        training.report(f"{len(pieces):,} training pieces, {steps:,} steps", batches, model)

        def validate():
            scores = likelihood(held_out)
            return scores, [f"{line}\n   -> {composer.text(composer(line))}" for line in lines[:2]]

        best = "nll {:.3f} a " + ("frame" if config.model.kind == "frames" else "token")
        training.fit(model, batches, validate, metric="loss", lower_is_better=True, best=best)


if __name__ == "__main__":
    run_main(main)
