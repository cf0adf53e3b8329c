"""Trains a summarisation model: python -m apps.summarize.train [PRESET] [--run-dir DIR] ..."""

import re

from apps.summarize.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError

CHECKED = 500  # validation documents that are summarised after each epoch


def main():
    config, run_dir, max_steps = parse_training("summarize", PRESETS)

    load_tensorflow()
    import keras

    from apps.summarize import data
    from apps.summarize.model import Summarizer
    from apps.summarize.pipeline import Pipeline
    from apps.summarize.search import greedy
    from common.files import atomic
    from common.losses import total_nll
    from common.metrics import rouge
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "summarize", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        examples = data.read_examples(config.data, "train")
        held_out = data.read_examples(config.data, "validation")
        # Not before the data: preparing a set for the first time draws random numbers. Not after
        # the tokenizer: TensorFlow clears caches with the seed, and its resources with them.
        keras.utils.set_random_seed(config.seed)
        tokenizer = data.make_tokenizer(config, examples, run.path)
        batches = data.make_batches(config, tokenizer, examples)
        checks = data.make_batches(config, tokenizer, held_out)
        checked = held_out[:: -(-len(held_out) // CHECKED)]
        shown = [example.document for example in held_out[:: -(-len(held_out) // 30)]]
        with atomic(run.path / "examples.txt") as file:  # what an export is checked with
            for document in shown:
                lines = filter(None, map(str.strip, re.split(r"[\r\n]+", document)))
                file.write((config.data.line_mark or " ").join(lines) + "\n")
        with scope.scope():
            model = Summarizer(config.model, tokenizer.vocab_size)
        print(
            f"{len(batches.columns[0]):,} training examples, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {tokenizer.vocab_size:,} tokens"
        )
        pipeline = Pipeline(config, model, tokenizer)
        documents = [example.document for example in checked]
        references = [example.references[0] for example in checked]

        def validate():
            nll, tokens = total_nll(model.token_losses, checks)
            outputs = pipeline.best(documents, greedy(config.decoding.beam), quiet=True)
            scores = rouge(outputs, references, kinds=("rouge1", "rouge2", "rougeL"))
            samples = range(0, len(checked), -(-len(checked) // 4))
            return {"loss": nll / tokens, **{name: s.value for name, s in scores.items()}}, [
                f"{' '.join(documents[n].split())[:300]}\n   -> {outputs[n]}\n    = {references[n]}"
                for n in samples
            ]

        trainer = Trainer(
            run,
            config.training,
            scope,
            model,
            batches,
            model.token_losses,
            validate,
            metric="rougeL",
        )
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), "rougeL")
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        print(f"best validation ROUGE-L {position.best:.2f} (greedy); {minutes:.1f} minutes; {end}")
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
