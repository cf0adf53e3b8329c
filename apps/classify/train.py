"""Trains a text classifier: python -m apps.classify.train [PRESET] [--run-dir DIR] ..."""

from apps.classify.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("classify", PRESETS)

    load_tensorflow()
    import keras

    from apps.classify import data
    from apps.classify.model import Classifier
    from apps.classify.pipeline import Pipeline, mean_nll
    from common.files import atomic
    from common.metrics import accuracy
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "classify", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        examples = data.read_examples(config.data, "train")
        held_out = data.read_examples(config.data, "validation")
        labels = data.make_labels(config.data, examples, run.path)
        numbers = data.numbers(examples, labels)
        data.numbers(held_out, labels)  # which refuses labels that training does not have
        # Not before the data: preparing a set for the first time draws random numbers. Not after
        # the tokenizer: TensorFlow clears caches with the seed, and its resources with them.
        keras.utils.set_random_seed(config.seed)
        tokenizer = data.make_tokenizer(config, examples, run.path)
        rows = data.encode(config, tokenizer, examples)
        batches = data.make_batches(config, rows, numbers)
        with atomic(run.path / "examples.txt") as file:  # what an export is checked with
            file.writelines(e.text + "\n" for e in held_out[:: -(-len(held_out) // 30)])
        with scope.scope():
            model = Classifier(config.model, tokenizer.vocab_size, len(labels))
        print(
            f"{len(examples):,} training texts, {len(labels)} labels, {len(batches.order(0)):,} "
            f"batches; {model.count_params():,} parameters, {tokenizer.vocab_size:,} tokens"
        )
        pipeline = Pipeline(config, model, tokenizer, labels)
        right = [example.label for example in held_out]

        def validate():
            found = pipeline([example.text for example in held_out])
            percent = accuracy([ranked[0][0] for ranked in found], right).value
            return {"loss": mean_nll(found, right).value, "accuracy": percent}, [
                f"{found[n][0][1]:.2f} {found[n][0][0]} (right: {right[n]})  {held_out[n].text}"
                for n in range(0, len(found), -(-len(found) // 8))
            ]

        trainer = Trainer(
            run,
            config.training,
            scope,
            model,
            batches,
            model.token_losses,
            validate,
            metric="accuracy",
        )
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), "accuracy")
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        print(f"best validation accuracy {position.best:.2f} %; {minutes:.1f} minutes; {end}")
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
