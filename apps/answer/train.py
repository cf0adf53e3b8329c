"""Trains a question-answering model: python -m apps.answer.train [PRESET] [--run-dir DIR] ..."""

from apps.answer.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("answer", PRESETS) as (config, run, strategy, max_steps):
        from apps.answer import dataset
        from apps.answer.model import Answerer
        from apps.answer.pipeline import Pipeline
        from common.lists import evenly_spaced
        from common.metrics import accuracy
        from common.training import Trainer, total_nll

        examples = dataset.read_examples(config.data, "train")
        held_out = commands.checked(config, dataset.read_examples(config.data, "validation"))
        commands.seed(config)
        tokenizer = dataset.make_tokenizer(config, examples, run.path)
        answers = dataset.make_answers(examples, run.path)
        batches = dataset.make_batches(config, tokenizer, answers, examples)
        checks = dataset.make_batches(config, tokenizer, answers, held_out)
        texts, references = ([getattr(e, name) for e in held_out] for name in ("text", "answer"))
        run.keep_examples(evenly_spaced(texts, 30))
        with strategy.scope():
            model = Answerer(config.model, tokenizer.vocab_size, len(answers))
        print(
            f"{len(batches.columns[0]):,} training questions, {len(batches.order(0)):,} batches; "
            f"{model.count_params():,} parameters, {tokenizer.vocab_size:,} words, "
            f"{len(answers):,} answers"
        )
        pipeline = Pipeline(config, model, tokenizer, answers)

        def validate():
            nll, questions = total_nll(model.token_losses, checks)
            found = pipeline.best(texts)
            samples = evenly_spaced(range(len(texts)), 6)
            return {"loss": nll / questions, "accuracy": accuracy(found, references).value}, [
                f"{texts[n]}\n   -> {found[n]}\n    = {references[n]}" for n in samples
            ]

        loss = model.token_losses
        trainer = Trainer(
            run, config.training, strategy, model, batches, loss, validate, metric="accuracy"
        )
        commands.fit(trainer, max_steps, "accuracy {:.2f} %")


if __name__ == "__main__":
    run_main(main)
