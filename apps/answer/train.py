"""Trains a question-answering model: python -m apps.answer.train [PRESET] [--run-dir DIR] ..."""

from apps.answer.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("answer", PRESETS)

    load_tensorflow()
    import keras

    from apps.answer import data
    from apps.answer.model import Answerer
    from apps.answer.pipeline import Pipeline
    from common.files import atomic
    from common.losses import total_nll
    from common.metrics import accuracy
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "answer", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        examples = data.read_examples(config.data, "train")
        held_out = data.read_examples(config.data, "validation")
        # Not before the data: preparing a set for the first time draws random numbers. Not after
        # the tokenizer: TensorFlow clears caches with the seed, and its resources with them.
        keras.utils.set_random_seed(config.seed)
        tokenizer = data.make_tokenizer(config, examples, run.path)
        answers = data.make_answers(examples, run.path)
        batches = data.make_batches(config, tokenizer, answers, examples)
        checks = data.make_batches(config, tokenizer, answers, held_out)
        texts, right = ([getattr(e, name) for e in held_out] for name in ("text", "answer"))
        with atomic(run.path / "examples.txt") as file:  # what an export is checked with
            file.writelines(text + "\n" for text in texts[:: -(-len(texts) // 30)])
        with scope.scope():
            model = Answerer(config.model, tokenizer.vocab_size, len(answers))
        print(
            f"{len(batches.columns[0]):,} training questions, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {tokenizer.vocab_size:,} words, "
            f"{len(answers):,} answers"
        )
        pipeline = Pipeline(config, model, tokenizer, answers)

        def validate():
            nll, questions = total_nll(model.token_losses, checks)
            found = pipeline.best(texts)
            samples = range(0, len(texts), -(-len(texts) // 6))
            return {"loss": nll / questions, "accuracy": accuracy(found, right).value}, [
                f"{texts[n]}\n   -> {found[n]}\n    = {right[n]}" for n in samples
            ]

        loss = model.token_losses
        trainer = Trainer(
            run, config.training, scope, model, batches, loss, validate, metric="accuracy"
        )
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), "accuracy")
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        print(f"best validation accuracy {position.best:.2f} %; {minutes:.1f} minutes; {end}")
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
