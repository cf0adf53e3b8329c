"""Trains a tagger: python -m apps.tag.train [PRESET] [--run-dir DIR] [--field value ...]."""

from apps.tag.config import PRESETS
from common.cli import parse_training
from common.errors import run_main
from common.quiet import load_tensorflow
from data import DataError


def main():
    config, run_dir, max_steps = parse_training("tag", PRESETS)

    load_tensorflow()
    import keras

    from apps.tag import data
    from apps.tag.model import Tagger
    from apps.tag.pipeline import Pipeline
    from common.files import atomic
    from common.losses import total_nll
    from common.metrics import accuracy
    from common.plots import training_curve
    from common.run import Run
    from common.training import Trainer
    from common.workers import strategy

    scope = strategy()
    run = Run.start(run_dir, "tag", config)
    with run.locked():
        run.record_start()
        keras.config.set_dtype_policy(config.training.precision)
        sentences = data.read_sentences(config.data, "train")
        held_out = data.read_sentences(config.data, "validation")
        # Not before the data: preparing a set for the first time draws random numbers. Not after
        # the tokenizers: TensorFlow clears caches with the seed, and their resources with them.
        keras.utils.set_random_seed(config.seed)
        reader = data.make_reader(config, sentences, run.path)
        batches = data.TaggedBatches(config, reader, sentences, config.data.max_length)
        checks = data.TaggedBatches(config, reader, data.known_tags(held_out, reader.tags))
        shown = held_out[:: -(-len(held_out) // 30)]
        with atomic(run.path / "examples.txt") as file:  # what an export is checked with
            file.writelines(" ".join(sentence.text.split()) + "\n" for sentence in shown)
        with scope.scope():
            model = Tagger(config.model, *reader.sizes)
        print(
            f"{len(batches.columns[0]):,} training sentences, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {reader.sizes[0]:,} words, "
            f"{len(reader.tags)} tags"
        )
        pipeline = Pipeline(model, reader)
        lines = [sentence.words for sentence in held_out]
        gold = [tag for sentence in held_out for tag in sentence.tags]

        def validate():
            nll, words = total_nll(model.token_losses, checks)
            found = pipeline.of_words(lines)
            score = accuracy([tag for one in found for tag in one.tags], gold)
            samples = [str(found[n]) for n in range(0, len(lines), -(-len(lines) // 4))]
            return {"loss": nll / words, "accuracy": score.value}, samples

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
        print(f"best validation accuracy {position.best:.2f}; {minutes:.1f} minutes; {end}")
        print(run.path)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
