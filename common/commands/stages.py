"""What the train and export commands of all apps begin and end with."""

import contextlib
from typing import Annotated

import tyro

from ..lists import evenly_spaced
from ..system.tensorflow import load_tensorflow
from .arguments import parse_training


@contextlib.contextmanager
def training(app, presets):
    """Reads the command line, loads TensorFlow, makes or opens the run and holds it.

    Yields:
        (config, run, the strategy under whose scope models are made, --max-steps).
    """
    config, run_dir, max_steps = parse_training(app, presets)

    load_tensorflow()
    import keras

    from ..runs.folder import Run
    from ..system import workers

    strategy = workers.strategy()
    run = Run.start(run_dir, app, config)
    with run.kept_if_begun(), run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        yield config, run, strategy, max_steps


def seed(config):
    """Makes all that follows follow from the configuration's seed.

    To be called between reading the data and making tokenizers: preparing a set for the first time
    draws random numbers, and with the seed TensorFlow clears caches, a tokenizer's among them.
    """
    import keras

    keras.utils.set_random_seed(config.seed)


def checked(config, held_out):
    """The validation examples that training looks at after each epoch."""
    return evenly_spaced(held_out, config.training.validate_on or max(1, len(held_out)))


def fit(trainer, max_steps, best):
    """Trains, draws training.png, and tells how it ended; the last line is the run's folder.

    Args:
        best: how to say the best validation score, such as "BLEU {:.2f} (greedy)".
    """
    from ..analysis.plots import training_curve

    position, run = trainer.fit(max_steps), trainer.run
    training_curve(run.path / "training.png", run.rows(), trainer.metric)
    minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
    print(f"best validation {best.format(position.scores.best)}; {minutes:.1f} minutes; {end}")
    print(run.path)


def exporting(app, config_type, description):
    """Reads the command line of `export` and opens the run: (run, folder of the export)."""

    def command(run: Annotated[str, tyro.conf.Positional], out: str = f"exports/{app}"):
        """Writes a SavedModel.

        Args:
            run: folder of the run, or `latest`.
            out: the model's folder; the export is the next free version number in it, at first
                OUT/1/.
        """
        return run, out

    run, out = tyro.cli(command, prog=f"python -m apps.{app}.export", description=description)

    load_tensorflow()
    from ..runs.folder import Run

    return Run.open(run, app, config_type), out


def exported(folder, examples, what="texts"):
    """Tells that an export is there and was checked; the last line is its folder."""
    print(f"{len(examples)} {what} give the same answers in a fresh process, by both loaders")
    print(folder)
