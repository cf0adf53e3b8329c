"""The stages that the train and export commands of all apps share."""

import contextlib
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from ..lists import evenly_spaced
from ..system.tensorflow import load_tensorflow
from .arguments import parse_training


@contextlib.contextmanager
def training(app, presets):
    """Context manager: parses the command line, loads TensorFlow, creates or opens the run and
    locks it.

    Yields:
        The `Training`.
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
        yield Training(config, run, strategy, max_steps)


@dataclass(frozen=True)
class Training:
    """The stages of a train command, called in this order: `read`, `report`, `fit`."""

    config: Any
    run: Any
    strategy: Any
    """Models are created in its scope."""
    max_steps: int | None

    def read(self, read, *, whole=False):
        """Reads the data, then sets the seed of all later random numbers.

        The seed is set after reading, since the first preparation of a set draws random numbers,
        and before the tokenizers are built, since setting it clears TensorFlow's caches.

        Args:
            read: (config.data, split) -> examples.
            whole: return all validation examples instead of the `checked` subset.

        Returns:
            (training examples, validation examples).
        """
        import keras

        examples, held_out = (read(self.config.data, split) for split in ("train", "validation"))
        if self.run.chief:
            self.run.check_data(training=examples, validation=held_out)
        keras.utils.set_random_seed(self.config.seed)
        return examples, held_out if whole else self.checked(held_out)

    def checked(self, held_out):
        """The validation examples that training scores after each epoch."""
        return evenly_spaced(held_out, self.config.training.validate_on or max(1, len(held_out)))

    def report(self, examples, batches, model, more=""):
        """Prints the sizes of the data and of the model.

        Args:
            examples: text such as "29,000 training pairs".
            batches: the `BatchSource`.
            model: the Keras model.
            more: further text such as "4,000 words".
        """
        parameters = f"{model.count_params():,} parameters"
        parts = ", ".join([parameters, more] if more else [parameters])
        print(f"{examples}, {len(batches.order(0)):,} batches; {parts}")

    def fit(self, model, batches, validate, *, metric, best, loss=None, **options):
        """Trains, draws training.png, and prints a summary; the last line is the run's folder.

        Args:
            model, batches, validate, metric, options: see `common.training.Trainer`.
            best: format of the best validation score, such as "BLEU {:.2f} (greedy)".
            loss: the loss function; None: the model's `token_losses`.
        """
        from ..analysis.plots import training_curve
        from ..training import Trainer

        config, loss = self.config.training, loss or model.token_losses
        trainer = Trainer(
            self.run, config, self.strategy, model, batches, loss, validate, metric, **options
        )
        position = trainer.fit(self.max_steps)
        training_curve(self.run.path / "training.png", self.run.rows(), metric)
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        score = best.format(position.scores.best)
        print(f"best validation {score}; {minutes:.1f} minutes; {end}")
        print(self.run.path)


def exporting(app, config_type, description):
    """Parses the command line of `export` and opens the run.

    Returns:
        (run, folder of the export).
    """

    def command(run: Annotated[str, tyro.conf.Positional], out: str = f"exports/{app}"):
        """Writes a SavedModel.

        Args:
            run: folder of the run, or `latest`.
            out: folder of the exported versions; the export gets the next free number, first OUT/1.
        """
        return run, out

    run, out = tyro.cli(command, prog=f"python -m apps.{app}.export", description=description)

    load_tensorflow()
    from ..runs.folder import Run

    return Run.open(run, app, config_type), out


def exported(folder, examples, what="texts"):
    """Prints that an export was written and verified; the last line is its folder."""
    print(f"{len(examples)} {what} give the same answers in a fresh process with both loaders")
    print(folder)
