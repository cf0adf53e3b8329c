"""Trains a summarisation model: python -m apps.summarize.train [PRESET] [--run-dir DIR] ..."""

from apps.summarize.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("summarize", PRESETS) as training:
        from apps.summarize import dataset
        from apps.summarize.model import Summarizer
        from apps.summarize.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import rouge
        from common.training import total_nll

        config, run = training.config, training.run
        examples, held_out = training.read(dataset.read_examples)
        tokenizer = dataset.make_tokenizer(config, examples, run.path)
        batches = dataset.make_batches(config, tokenizer, examples)
        checks = dataset.make_batches(config, tokenizer, held_out)
        shown = [example.document for example in evenly_spaced(held_out, 30)]
        mark = config.data.line_mark or " "
        run.keep_examples(mark.join(filter(str.strip, document.splitlines())) for document in shown)
        with training.strategy.scope():
            model = Summarizer(config.model, tokenizer.vocab_size)
        kept = f"{len(batches.columns[0]):,} training examples"
        training.report(kept, batches, model, f"{tokenizer.vocab_size:,} tokens")
        pipeline = Pipeline(config, model, tokenizer)
        documents = [example.document for example in held_out]
        references = [example.references[0] for example in held_out]

        def validate():
            loss = total_nll(model.token_losses, checks).mean
            outputs = pipeline.best(documents, config.decoding.beam.greedy(), quiet=True)
            scores = rouge(outputs, references, kinds=("rouge1", "rouge2", "rougeL"))
            samples = evenly_spaced(range(len(documents)), 4)
            return {"loss": loss, **{name: s.value for name, s in scores.items()}}, [
                f"{' '.join(documents[n].split())[:300]}\n   -> {outputs[n]}\n    = {references[n]}"
                for n in samples
            ]

        training.fit(model, batches, validate, metric="rougeL", best="ROUGE-L {:.2f} (greedy)")


if __name__ == "__main__":
    run_main(main)
