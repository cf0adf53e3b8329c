"""Trains a tagger: python -m apps.tag.train [PRESET] [--run-dir DIR] [--field value ...]."""

from apps.tag.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("tag", PRESETS) as (config, run, strategy, max_steps):
        from apps.tag import dataset
        from apps.tag.model import Tagger
        from apps.tag.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import accuracy
        from common.training import Trainer, total_nll

        sentences = dataset.read_sentences(config.data, "train")
        held_out = commands.checked(config, dataset.read_sentences(config.data, "validation"))
        commands.seed(config)
        reader = dataset.make_reader(config, sentences, run.path)
        batches = dataset.TaggedBatches(config, reader, sentences, config.data.max_length)
        checks = dataset.TaggedBatches(config, reader, dataset.known_tags(held_out, reader.tags))
        shown = evenly_spaced(held_out, 30)
        run.keep_examples(sentence.text for sentence in shown)
        with strategy.scope():
            model = Tagger(config.model, *reader.sizes)
        print(
            f"{len(batches.columns[0]):,} training sentences, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {reader.sizes[0]:,} words, "
            f"{len(reader.tags)} tags"
        )
        pipeline = Pipeline(model, reader)
        lines = [sentence.words for sentence in held_out]
        references = [tag for sentence in held_out for tag in sentence.tags]

        def validate():
            nll, words = total_nll(model.token_losses, checks)
            found = pipeline.of_words(lines)
            score = accuracy([tag for one in found for tag in one.tags], references)
            samples = [str(found[n]) for n in evenly_spaced(range(len(lines)), 4)]
            return {"loss": nll / words, "accuracy": score.value}, samples

        trainer = Trainer(
            run,
            config.training,
            strategy,
            model,
            batches,
            model.token_losses,
            validate,
            metric="accuracy",
        )
        commands.fit(trainer, max_steps, "accuracy {:.2f} %")


if __name__ == "__main__":
    run_main(main)
