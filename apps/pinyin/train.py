"""Trains a pinyin converter: python -m apps.pinyin.train [PRESET] [--run-dir DIR] ..."""

from apps.pinyin.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("pinyin", PRESETS) as (config, run, strategy, max_steps):
        from apps.pinyin import dataset
        from apps.pinyin.model import Converter
        from apps.pinyin.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import accuracy, error_rate
        from common.training import Trainer, total_nll

        pairs = dataset.read_pairs(config.data, "train")
        held_out = commands.checked(config, dataset.read_pairs(config.data, "validation"))
        commands.seed(config)
        syllables, characters, allowed = dataset.make_tokenizers(pairs, run.path)
        batches = dataset.make_batches(config, pairs, syllables, characters)
        checks = dataset.make_batches(config, held_out, syllables, characters)
        run.keep_examples(pinyin for pinyin, _ in evenly_spaced(held_out, 30))
        with strategy.scope():
            model = Converter(config.model, allowed)
        print(
            f"{len(pairs):,} training pieces, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {syllables.vocab_size:,} syllables, "
            f"{characters.vocab_size:,} characters"
        )
        pipeline = Pipeline(config, model, syllables, characters)
        sources, references = map(list, zip(*held_out, strict=True))

        def validate():
            nll, count = total_nll(model.token_losses, checks)
            outputs = pipeline.best(sources, "greedy")
            scores = {"error_rate": error_rate(outputs, references)}
            scores["accuracy"] = accuracy(outputs, references)
            shown = evenly_spaced(list(zip(sources, outputs, references, strict=True)), 4)
            return {"loss": nll / count, **{name: s.value for name, s in scores.items()}}, [
                f"{source}\n   -> {output}\n    = {reference}"
                for source, output, reference in shown
            ]

        losses, metric = model.token_losses, {"metric": "error_rate", "lower_is_better": True}
        trainer = Trainer(
            run, config.training, strategy, model, batches, losses, validate, **metric
        )
        commands.fit(trainer, max_steps, "error rate {:.2f} % (greedy)")


if __name__ == "__main__":
    run_main(main)
