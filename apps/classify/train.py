"""Trains a text classifier: python -m apps.classify.train [PRESET] [--run-dir DIR] ..."""

from apps.classify.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("classify", PRESETS) as (config, run, strategy, max_steps):
        from apps.classify import dataset
        from apps.classify.model import Classifier
        from apps.classify.pipeline import Pipeline, mean_nll
        from common.lists import evenly_spaced
        from common.metrics import accuracy
        from common.training import Trainer

        examples = dataset.read_examples(config.data, "train")
        held_out = dataset.read_examples(config.data, "validation")
        labels = dataset.make_labels(config.data, examples, run.path)
        numbers = dataset.numbers(examples, labels)
        dataset.numbers(held_out, labels)  # which refuses labels that training does not have
        held_out = commands.checked(config, held_out)
        commands.seed(config)
        tokenizer = dataset.make_tokenizer(config, examples, run.path)
        rows = dataset.encode(config, tokenizer, examples)
        batches = dataset.make_batches(config, rows, numbers)
        run.keep_examples(example.text for example in evenly_spaced(held_out, 30))
        with strategy.scope():
            model = Classifier(config.model, tokenizer.vocab_size, len(labels))
        print(
            f"{len(examples):,} training texts, {len(labels)} labels, {len(batches.order(0)):,} "
            f"batches; {model.count_params():,} parameters, {tokenizer.vocab_size:,} tokens"
        )
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
