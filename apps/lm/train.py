"""Trains a language model: python -m apps.lm.train [PRESET] [--run-dir DIR] ..."""

from apps.lm.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("lm", PRESETS)

    load_tensorflow()
    import keras

    from apps.lm import data, pictures
    from apps.lm.model import LanguageModel
    from apps.lm.pipeline import Pipeline
    from common.files import atomic
    from common.metrics import perplexity
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "lm", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        lines = data.read_lines(config.data, "train")
        held_out = data.read_lines(config.data, "validation")
        # Between the data and the tokenizer, for the reasons told in apps/translate/train.py.
        keras.utils.set_random_seed(config.seed)
        tokenizer = data.make_tokenizer(config, lines, run.path)
        batches = data.make_batches(
            config, data.encode(tokenizer, lines), scope.num_replicas_in_sync
        )
        checks = data.encode(tokenizer, held_out)
        prompts = data.prompts(held_out)
        with atomic(run.path / "examples.txt") as file:  # what an export is checked with
            file.writelines(prompt + "\n" for prompt in prompts)
        with scope.scope():
            static = config.training.jit
            model = LanguageModel(config.model, tokenizer.vocab_size, static_shapes=static)
        print(
            f"{len(lines):,} lines, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {tokenizer.vocab_size:,} tokens"
        )
        pipeline = Pipeline(config, model, tokenizer)

        def validate():
            nll, tokens = pipeline.nll(checks, rows=32)
            scores = {"loss": nll / tokens, "perplexity": perplexity(nll, tokens).value}
            return scores, pipeline.write(["", *prompts[:5]])

        streaming = config.streams.mode == "stream"
        trainer = Trainer(
            run,
            config.training,
            scope,
            model,
            batches,
            model.token_losses if streaming else model.line_losses,
            validate,
            metric="perplexity",
            lower_is_better=True,
            state=model.zero_state(batches.batch_size) if streaming else None,
        )
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), "perplexity")
        pictures.gradient_by_lag(run.path / "gradients.png", model, checks)
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        print(f"best validation perplexity {position.best:.2f}; {minutes:.1f} minutes; {end}")
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
