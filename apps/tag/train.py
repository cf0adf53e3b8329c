"""Trains a tagger: python -m apps.tag.train [PRESET] [--run-dir DIR] [--field value ...]."""

from apps.tag.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("tag", PRESETS) as training:
        from apps.tag import dataset
        from apps.tag.model import Tagger
        from apps.tag.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import accuracy
        from common.training import total_nll

        config, run = training.config, training.run
        sentences, held_out = training.read(dataset.read_sentences)
        reader = dataset.make_reader(config, sentences, run.path)
        batches = dataset.TaggedBatches(config, reader, sentences, config.data.max_length)
        checks = dataset.TaggedBatches(config, reader, dataset.known_tags(held_out, reader.tags))
        shown = evenly_spaced(held_out, 30)
        run.keep_examples(sentence.text for sentence in shown)
        with training.strategy.scope():
            model = Tagger(config.model, *reader.sizes)
        kept = f"{len(batches.columns[0]):,} training sentences"
        sizes = f"{reader.sizes[0]:,} words, {len(reader.tags)} tags"
        training.report(kept, batches, model, sizes)
        pipeline = Pipeline(model, reader)
        lines = [sentence.words for sentence in held_out]
        references = [tag for sentence in held_out for tag in sentence.tags]

        def validate():
            loss = total_nll(model.token_losses, checks).mean
            found = pipeline.of_words(lines)
            score = accuracy([tag for one in found for tag in one.tags], references)
            samples = [str(found[n]) for n in evenly_spaced(range(len(lines)), 4)]
            return {"loss": loss, "accuracy": score.value}, samples

        training.fit(model, batches, validate, metric="accuracy", best="accuracy {:.2f} %")


if __name__ == "__main__":
    run_main(main)
