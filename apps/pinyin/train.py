"""Trains a pinyin converter: python -m apps.pinyin.train [PRESET] [--run-dir DIR] ..."""

from apps.pinyin.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError

CHECKED = 1000  # validation pieces that are converted after each epoch


def main():
    config, run_dir, max_steps = parse_training("pinyin", PRESETS)

    load_tensorflow()
    import keras

    from apps.pinyin import data
    from apps.pinyin.model import Converter
    from apps.pinyin.pipeline import Pipeline
    from common.files import atomic
    from common.losses import total_nll
    from common.metrics import accuracy, error_rate
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "pinyin", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        pairs = data.read_pairs(config.data, "train")
        held_out = data.read_pairs(config.data, "validation")
        # Not before the data: preparing a set for the first time draws random numbers. Not after
        # the tokenizers: TensorFlow clears caches with the seed, and their resources with them.
        keras.utils.set_random_seed(config.seed)
        syllables, characters, allowed = data.make_tokenizers(pairs, run.path)
        batches = data.make_batches(config, pairs, syllables, characters)
        checks = data.make_batches(config, held_out, syllables, characters)
        checked = held_out[:: -(-len(held_out) // CHECKED)]
        with atomic(run.path / "examples.txt") as file:  # what an export is checked with
            file.writelines(f"{pinyin}\n" for pinyin, _ in checked[:: -(-len(checked) // 30)])
        with scope.scope():
            model = Converter(config.model, allowed)
        print(
            f"{len(pairs):,} training pieces, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {syllables.vocab_size:,} syllables, "
            f"{characters.vocab_size:,} characters"
        )
        pipeline = Pipeline(config, model, syllables, characters)
        sources, references = map(list, zip(*checked, strict=True))

        def validate():
            nll, count = total_nll(model.token_losses, checks)
            outputs = pipeline.best(sources, "greedy")
            scores = {"error_rate": error_rate(outputs, references)}
            scores["accuracy"] = accuracy(outputs, references)
            shown = list(zip(sources, outputs, references, strict=True))[:: -(-len(sources) // 4)]
            return {"loss": nll / count, **{name: s.value for name, s in scores.items()}}, [
                f"{source}\n   -> {output}\n    = {right}" for source, output, right in shown
            ]

        losses, metric = model.token_losses, {"metric": "error_rate", "lower_is_better": True}
        trainer = Trainer(run, config.training, scope, model, batches, losses, validate, **metric)
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), "error_rate")
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        print(
            f"best validation error rate {position.best:.2f} % (greedy); {minutes:.1f} min; {end}"
        )
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
