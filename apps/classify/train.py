"""Trains a text classifier: python -m apps.classify.train [PRESET] [--run-dir DIR] ..."""

from apps.classify.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("classify", PRESETS) as training:
        from apps.classify import dataset
        from apps.classify.model import Classifier
        from apps.classify.pipeline import Pipeline, mean_nll
        from common.lists import evenly_spaced
        from common.metrics import accuracy

        config, run = training.config, training.run
        examples, held_out = training.read(dataset.read_examples, whole=True)
        labels = dataset.make_labels(config.data, examples, run.path)
        numbers = dataset.numbers(examples, labels)
        dataset.numbers(held_out, labels)  # refuses labels that training does not have
        held_out = training.checked(held_out)
        tokenizer = dataset.make_tokenizer(config, examples, run.path)
        rows = dataset.encode(config, tokenizer, examples)
        batches = dataset.make_batches(config, rows, numbers)
        run.keep_examples(example.text for example in evenly_spaced(held_out, 30))
        with training.strategy.scope():
            model = Classifier(config.model, tokenizer.vocab_size, len(labels))
        texts = f"{len(examples):,} training texts, {len(labels)} labels"
        training.report(texts, batches, model, f"{tokenizer.vocab_size:,} tokens")
        pipeline = Pipeline(config, model, tokenizer, labels)
        references = [example.label for example in held_out]

        def validate():
            found = pipeline([example.text for example in held_out])
            percent = accuracy([ranked[0][0] for ranked in found], references).value
            return {"loss": mean_nll(found, references).value, "accuracy": percent}, [
                f"{found[n][0][1]:.2f} {found[n][0][0]} (right: {references[n]})  "
                f"{held_out[n].text}"
                for n in evenly_spaced(range(len(found)), 8)
            ]

        training.fit(model, batches, validate, metric="accuracy", best="accuracy {:.2f} %")


if __name__ == "__main__":
    run_main(main)
