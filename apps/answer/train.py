"""Trains a question-answering model: python -m apps.answer.train [PRESET] [--run-dir DIR] ..."""

from apps.answer.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("answer", PRESETS) as training:
        from apps.answer import dataset
        from apps.answer.model import Answerer
        from apps.answer.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import accuracy
        from common.training import total_nll

        config, run = training.config, training.run
        examples, held_out = training.read(dataset.read_examples)
        tokenizer = dataset.make_tokenizer(config, examples, run.path)
        answers = dataset.make_answers(examples, run.path)
        batches = dataset.make_batches(config, tokenizer, answers, examples)
        checks = dataset.make_batches(config, tokenizer, answers, held_out)
        texts, references = ([getattr(e, name) for e in held_out] for name in ("text", "answer"))
        run.keep_examples(evenly_spaced(texts, 30))
        with training.strategy.scope():
            model = Answerer(config.model, tokenizer.vocab_size, len(answers))
        sizes = f"{tokenizer.vocab_size:,} words, {len(answers):,} answers"
        questions = f"{len(batches.columns[0]):,} training questions"
        training.report(questions, batches, model, sizes)
        pipeline = Pipeline(config, model, tokenizer, answers)

        def validate():
            found = pipeline.best(texts)
            scores = {
                "loss": total_nll(model.token_losses, checks).mean,
                "accuracy": accuracy(found, references).value,
            }
            samples = evenly_spaced(range(len(texts)), 6)
            return scores, [f"{texts[n]}\n   -> {found[n]}\n    = {references[n]}" for n in samples]

        training.fit(model, batches, validate, metric="accuracy", best="accuracy {:.2f} %")


if __name__ == "__main__":
    run_main(main)
