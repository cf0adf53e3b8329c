"""Trains a pinyin converter: python -m apps.pinyin.train [PRESET] [--run-dir DIR] ..."""

from apps.pinyin.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("pinyin", PRESETS) as training:
        from apps.pinyin import dataset
        from apps.pinyin.model import Converter
        from apps.pinyin.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import accuracy, error_rate
        from common.searches import Greedy
        from common.training import total_nll

        config, run = training.config, training.run
        pairs, held_out = training.read(dataset.read_pairs)
        syllables, characters, allowed = dataset.make_tokenizers(pairs, run.path)
        batches = dataset.make_batches(config, pairs, syllables, characters)
        checks = dataset.make_batches(config, held_out, syllables, characters)
        run.keep_examples(pinyin for pinyin, _ in evenly_spaced(held_out, 30))
        with training.strategy.scope():
            model = Converter(config.model, allowed)
        sizes = f"{syllables.vocab_size:,} syllables, {characters.vocab_size:,} characters"
        training.report(f"{len(pairs):,} training pieces", batches, model, sizes)
        pipeline = Pipeline(config, model, syllables, characters)
        sources, references = map(list, zip(*held_out, strict=True))

        def validate():
            loss = total_nll(model.token_losses, checks).mean
            outputs = pipeline.best(sources, Greedy())
            scores = {"error_rate": error_rate(outputs, references)}
            scores["accuracy"] = accuracy(outputs, references)
            shown = evenly_spaced(list(zip(sources, outputs, references, strict=True)), 4)
            return {"loss": loss, **{name: s.value for name, s in scores.items()}}, [
                f"{source}\n   -> {output}\n    = {reference}"
                for source, output, reference in shown
            ]

        best = "error rate {:.2f} % (greedy)"
        training.fit(model, batches, validate, metric="error_rate", lower_is_better=True, best=best)


if __name__ == "__main__":
    run_main(main)
