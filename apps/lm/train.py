"""Trains a language model: python -m apps.lm.train [PRESET] [--run-dir DIR] ..."""

from apps.lm.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("lm", PRESETS) as training:
        from apps.lm import dataset, pictures
        from apps.lm.model import LanguageModel
        from apps.lm.pipeline import Pipeline
        from common.batches import encode
        from common.metrics import perplexity

        config, run = training.config, training.run
        lines, held_out = training.read(dataset.read_lines)
        tokenizer = dataset.make_tokenizer(config, lines, run.path)
        batches = dataset.make_batches(
            config, encode(tokenizer.tokenize, lines), training.strategy.num_replicas_in_sync
        )
        checks = encode(tokenizer.tokenize, held_out)
        prompts = dataset.prompts(held_out)
        run.keep_examples(prompts)
        with training.strategy.scope():
            static = config.training.jit
            model = LanguageModel(config.model, tokenizer.vocab_size, static_shapes=static)
        vocabulary = f"{tokenizer.vocab_size:,} tokens"
        training.report(f"{len(lines):,} lines", batches, model, vocabulary)
        pipeline = Pipeline(config, model, tokenizer)

        def validate():
            total = pipeline.nll(checks, rows=32)
            scores = {"loss": total.mean, "perplexity": perplexity(*total).value}
            return scores, pipeline.write(["", *prompts[:5]])

        streaming = config.streams.mode == "stream"
        training.fit(
            model,
            batches,
            validate,
            metric="perplexity",
            lower_is_better=True,
            best="perplexity {:.2f}",
            loss=model.token_losses if streaming else model.line_losses,
            state=model.zero_state(batches.batch_size) if streaming else None,
        )
        pictures.gradient_by_lag(run.path / "gradients.png", model, checks)


if __name__ == "__main__":
    run_main(main)
