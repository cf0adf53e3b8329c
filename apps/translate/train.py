"""Trains a translation model: python -m apps.translate.train [PRESET] [--run-dir DIR] ..."""

from apps.translate.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("translate", PRESETS) as training:
        from apps.translate import dataset
        from apps.translate.model import Translator
        from apps.translate.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import bleu
        from common.searches import Greedy
        from common.training import total_nll

        config, run = training.config, training.run
        pairs, held_out = training.read(dataset.read_pairs)
        source, target = dataset.make_tokenizers(config, pairs, run.path)
        sampled = config.tokenizer.subword_sampling > 0
        batches = dataset.make_batches(config, pairs, source, target, sampled=sampled)
        checks = dataset.make_batches(config, held_out, source, target)
        run.keep_examples(source for source, _ in evenly_spaced(held_out, 30))
        with training.strategy.scope():
            sizes = source.vocab_size, target.vocab_size
            model = Translator(config.model, *sizes, static_shapes=config.training.jit)
        kept = f"{len(batches.columns[0]):,} training pairs"
        training.report(kept, batches, model, f"{target.vocab_size:,} target tokens")
        pipeline = Pipeline(config, model, source, target)
        sources, references = map(list, zip(*held_out, strict=True))
        options = {
            "lowercase": config.tokenizer.lowercase,
            "language": dataset.languages(config.data, tell=True)[1],
        }

        def validate():
            loss = total_nll(model.token_losses, checks).mean
            outputs = pipeline.best(sources, Greedy())
            scores = {"loss": loss, "bleu": bleu(outputs, references, **options).value}
            shown = evenly_spaced(range(len(held_out)), 4)
            return scores, [
                f"{sources[n]}\n   -> {outputs[n]}\n    = {references[n]}" for n in shown
            ]

        training.fit(model, batches, validate, metric="bleu", best="BLEU {:.2f} (greedy)")


if __name__ == "__main__":
    run_main(main)
