"""Trains a captioning model: python -m apps.caption.train [PRESET] [--run-dir DIR] ..."""

from apps.caption.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("caption", PRESETS)

    load_tensorflow()
    import keras

    from apps.caption import data, features, pictures
    from apps.caption.model import Captioner
    from apps.caption.pipeline import Pipeline, start_from
    from apps.caption.scores import exact
    from common.losses import total_nll
    from common.metrics.caption import caption_scores
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "caption", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        training = data.read_pictures(config.data, "train")
        held_out = data.read_pictures(config.data, "validation")
        # Not before the data: preparing a set for the first time draws random numbers. Not after
        # the tokenizer: TensorFlow clears caches with the seed, and its resources with them.
        keras.utils.set_random_seed(config.seed)
        tokenizer = data.make_tokenizer(config, training, run.path)
        with scope.scope():
            model = Captioner(config, tokenizer.vocab_size)
        if config.start_from:
            start_from(Run.open(config.start_from, "caption", type(config)), model, config)
        inputs = features.load_inputs(model, training, flip=config.encoder.flip)
        checked = features.load_inputs(model, held_out)
        batches = data.make_batches(config, inputs, tokenizer)
        checks = data.make_batches(config, checked, tokenizer)
        pictures.keep_examples(run.path, checked)
        trained = sum(variable.shape.num_elements() for variable in model.trainable_variables)
        print(
            f"{len(inputs.pictures):,} training pictures, {len(batches.columns[0]):,} captions, "
            f"{len(batches.order(0)):,} batches; {model.count_params():,} parameters, "
            f"{trained:,} of them trained; {tokenizer.vocab_size:,} words"
        )
        pipeline = Pipeline(config, model, tokenizer)
        references = [
            [data.clean(config.data, text) for text in picture.captions]
            for picture in checked.pictures
        ]

        def validate():
            nll, tokens = total_nll(model.token_losses, checks)
            outputs = pipeline.best_of_rows(checked, "greedy")
            found = caption_scores(outputs, references, config.data.language)
            found["exact"] = exact(outputs, references, config.data.language)
            names = dict.fromkeys((config.metric, "cider_d", "bleu4"))
            scores = {"loss": nll / tokens, **{name: found[name].value for name in names}}
            shown = range(0, len(outputs), -(-len(outputs) // 4))
            return scores, [
                f"{checked.pictures[n].name}\n   -> {outputs[n]}\n    = {references[n][0]}"
                for n in shown
            ]

        trainer = Trainer(
            run,
            config.training,
            scope,
            model,
            batches,
            model.token_losses,
            validate,
            metric=config.metric,
        )
        position = trainer.fit(max_steps)
        training_curve(run.path / "training.png", run.rows(), config.metric)
        minutes, end = position.seconds / 60, position.finished or "stopped by --max-steps"
        print(
            f"best validation {config.metric} {position.best:.2f} (greedy); {minutes:.1f} minutes; "
            f"{end}"
        )
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
