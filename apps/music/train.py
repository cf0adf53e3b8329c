"""Trains a music model: python -m apps.music.train [PRESET] [--run-dir DIR] ..."""

from apps.music.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("music", PRESETS)

    load_tensorflow()
    import keras

    from apps.music import data
    from apps.music.composer import Composer
    from apps.music.likelihood import Likelihood
    from apps.music.model import make_model
    from apps.music.pipeline import Pipeline
    from common.files import atomic, write_json
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "music", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        pieces = data.read_pieces(config, "train")
        held_out = data.read_pieces(config, "validation")
        # Not before the data: preparing a set for the first time draws random numbers.
        keras.utils.set_random_seed(config.seed)
        limits = data.ranges(pieces + held_out)
        write_json(run.path / "ranges.json", limits)
        batches = data.make_batches(config, pieces, limits)
        with scope.scope():
            model = make_model(config.model, len(limits))
        pipeline = Pipeline(config, model, limits)
        composer, likelihood = Composer(pipeline), Likelihood(pipeline)
        with atomic(run.path / "examples.txt") as file:  # what infer and an export are tried with
            lines = [line for line in map(composer.example, held_out) if line][:8]
            file.writelines(f"{line}\n" for line in lines)
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
            scope,
            model,
            batches,
            model.token_losses,
            validate,
            metric="loss",
            lower_is_better=True,
        )
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), "loss")
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        unit = "frame" if config.model.kind == "frames" else "token"
        print(f"best validation nll {position.best:.3f} a {unit}; {minutes:.1f} minutes; {end}")
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
