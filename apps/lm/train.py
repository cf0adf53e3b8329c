"""Trains a language model: python -m apps.lm.train [PRESET] [--run-dir DIR] ..."""

from apps.lm.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("lm", PRESETS) as (config, run, strategy, max_steps):
        from apps.lm import dataset, pictures
        from apps.lm.model import LanguageModel
        from apps.lm.pipeline import Pipeline
        from common.batches import encode
        from common.metrics import perplexity
        from common.training import Trainer

        lines = dataset.read_lines(config.data, "train")
        held_out = commands.checked(config, dataset.read_lines(config.data, "validation"))
        commands.seed(config)
        tokenizer = dataset.make_tokenizer(config, lines, run.path)
        batches = dataset.make_batches(
            config, encode(tokenizer.tokenize, lines), strategy.num_replicas_in_sync
        )
        checks = encode(tokenizer.tokenize, held_out)
        prompts = dataset.prompts(held_out)
        run.keep_examples(prompts)
        with strategy.scope():
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
            strategy,
            model,
            batches,
            model.token_losses if streaming else model.line_losses,
            validate,
            metric="perplexity",
            lower_is_better=True,
            state=model.zero_state(batches.batch_size) if streaming else None,
        )
        commands.fit(trainer, max_steps, "perplexity {:.2f}")
        pictures.gradient_by_lag(run.path / "gradients.png", model, checks)


if __name__ == "__main__":
    run_main(main)
