"""Trains a translation model: python -m apps.translate.train [PRESET] [--run-dir DIR] ..."""

from apps.translate.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("translate", PRESETS)

    import keras
    import tensorflow as tf

    from apps.translate import data
    from apps.translate.model import Translator
    from apps.translate.pipeline import Pipeline
    from common.metrics import bleu
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer, strategy

    run = Run.start(run_dir, "translate", config)
    with run.locked():
        run.record_start()
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.training.precision)
        pairs = data.read_pairs(config.data, "train")
        held_out = data.read_pairs(config.data, "validation")
        source, target = data.train_tokenizers(config, pairs, run.path)
        batches = data.make_batches(config, pairs, source, target)
        checks = data.make_batches(config, held_out, source, target, training=False)
        scope = strategy()
        with scope.scope():
            model = Translator(config.model, source.vocab_size, target.vocab_size)
        print(f"{model.count_params():,} parameters; vocabulary {source.vocab_size:,} and "
              f"{target.vocab_size:,}; {len(batches.order(0)):,} batches an epoch")  # fmt: skip
        pipeline = Pipeline(config, model, source, target)
        spec = [(tf.TensorSpec([None, None], tf.int32),) * 2]
        losses = tf.function(
            lambda arrays: model.token_losses(arrays, training=False), input_signature=spec
        )

        def validate():
            sums = [losses(checks.arrays(numbers)) for numbers in checks.order(0)]
            _, tokens, nll = (float(sum(column)) for column in zip(*sums, strict=True))
            outputs = pipeline.best([pair[0] for pair in held_out], "greedy")
            scores = {
                "loss": nll / tokens,
                "bleu": bleu(outputs, [pair[1] for pair in held_out]).value,
            }
            shown = range(0, len(held_out), max(1, len(held_out) // 4))
            samples = [
                f"{held_out[n][0]}\n   -> {outputs[n]}\n    = {held_out[n][1]}"
                for n in list(shown)[:4]
            ]
            return scores, samples

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
