"""Trains a translation model: python -m apps.translate.train [PRESET] [--run-dir DIR] ..."""

from apps.translate.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("translate", PRESETS)

    load_tensorflow()
    import keras

    from apps.translate import data
    from apps.translate.model import Translator
    from apps.translate.pipeline import Pipeline
    from common.files import atomic
    from common.losses import total_nll
    from common.metrics import bleu
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "translate", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        pairs = data.read_pairs(config.data, "train")
        held_out = data.read_pairs(config.data, "validation")
        # Not before the data: preparing a set for the first time draws random numbers. Not after
        # the tokenizers: TensorFlow clears caches with the seed, and their resources with them.
        keras.utils.set_random_seed(config.seed)
        source, target = data.make_tokenizers(config, pairs, run.path)
        sampled = config.tokenizer.subword_sampling > 0
        batches = data.make_batches(config, pairs, source, target, sampled=sampled)
        checks = data.make_batches(config, held_out, source, target)
        examples = [pair[0] for pair in held_out[:: max(1, len(held_out) // 30)]][:30]
        with atomic(run.path / "examples.txt") as file:  # what an export is checked with
            file.writelines(" ".join(example.split()) + "\n" for example in examples)
        with scope.scope():
            sizes = source.vocab_size, target.vocab_size
            model = Translator(config.model, *sizes, static_shapes=config.training.jit)
        print(
            f"{len(batches.columns[0]):,} training pairs, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {target.vocab_size:,} target tokens"
        )
        pipeline = Pipeline(config, model, source, target)
        sources, references = map(list, zip(*held_out, strict=True))
        options = {
            "lowercase": config.tokenizer.lowercase,
            "language": data.languages(config.data)[1],
        }

        def validate():
            nll, tokens = total_nll(model.token_losses, checks)
            outputs = pipeline.best(sources, "greedy")
            scores = {"loss": nll / tokens, "bleu": bleu(outputs, references, **options).value}
            shown = range(0, len(held_out), -(-len(held_out) // 4))
            return scores, [
                f"{sources[n]}\n   -> {outputs[n]}\n    = {references[n]}" for n in shown
            ]

        trainer = Trainer(
            run, config.training, scope, model, batches, model.token_losses, validate, metric="bleu"
        )
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), "bleu")
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        print(f"best validation BLEU {position.best:.2f} (greedy); {minutes:.1f} minutes; {end}")
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
