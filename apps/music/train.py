"""Trains a music model: python -m apps.music.train [PRESET] [--run-dir DIR] ..."""

from apps.music.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("music", PRESETS) as (config, run, strategy, max_steps):
        from apps.music import dataset
        from apps.music.composer import Composer
        from apps.music.likelihood import Likelihood
        from apps.music.model import make_model
        from apps.music.pipeline import Pipeline
        from common.files import write_json
        from common.training import Trainer

        pieces = dataset.read_pieces(config, "train")
        held_out = dataset.read_pieces(config, "validation")
        commands.seed(config)
        limits = dataset.ranges(pieces + held_out)
        held_out = commands.checked(config, held_out)
        write_json(run.path / "ranges.json", limits)
        batches = dataset.make_batches(config, pieces, limits)
        with strategy.scope():
            model = make_model(config.model, len(limits))
        pipeline = Pipeline(config, model, limits)
        composer, likelihood = Composer(pipeline), Likelihood(pipeline)
        lines = [line for line in map(composer.example, held_out) if line][:8]
        run.keep_examples(lines)
        print(
            f"{len(pieces):,} training pieces, {sum(len(p.notes) for p in pieces):,} steps, "
            f"{len(batches.order(0)):,} batches; {model.count_params():,} parameters"
        )

        def validate():
            scores = likelihood(held_out)
            return scores, [f"{line}\n   -> {composer.text(composer(line))}" for line in lines[:2]]

        trainer = Trainer(
            run,
            config.training,
            strategy,
            model,
            batches,
            model.token_losses,
            validate,
            metric="loss",
            lower_is_better=True,
        )
        unit = "frame" if config.model.kind == "frames" else "token"
        commands.fit(trainer, max_steps, f"nll {{:.3f}} a {unit}")


if __name__ == "__main__":
    run_main(main)
