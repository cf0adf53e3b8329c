"""Trains a captioning model: python -m apps.caption.train [PRESET] [--run-dir DIR] ..."""

from apps.caption.config import PRESETS
from common import commands
from common.errors import run_main


def main():
    with commands.training("caption", PRESETS) as training:
        from apps.caption import dataset, features, pictures
        from apps.caption.model import Captioner
        from apps.caption.pipeline import Pipeline, start_from
        from apps.caption.scores import exact
        from common.lists import evenly_spaced
        from common.metrics.caption import caption_scores
        from common.runs import Run
        from common.searches import Greedy
        from common.training import total_nll

        config, run = training.config, training.run
        examples, held_out = training.read(dataset.read_pictures)
        tokenizer = dataset.make_tokenizer(config, examples, run.path)
        with training.strategy.scope():
            model = Captioner(config, tokenizer.vocab_size)
        if config.start_from and not any(run.checkpoints.glob("last-*.npz")):
            start_from(Run.open(config.start_from, "caption", type(config)), model, config)
        inputs = features.load_inputs(model, examples, flip=config.encoder.flip)
        checked = features.load_inputs(model, held_out)
        batches = dataset.make_batches(config, inputs, tokenizer)
        checks = dataset.make_batches(config, checked, tokenizer)
        pictures.keep_examples(run.path, checked)
        trained = sum(variable.shape.num_elements() for variable in model.trainable_variables)
        training.report(
            f"{len(inputs.pictures):,} training pictures, {len(batches.columns[0]):,} captions",
            batches,
            model,
            f"{trained:,} of them trained; {tokenizer.vocab_size:,} words",
        )
        pipeline = Pipeline(config, model, tokenizer)
        references = [
            [dataset.clean(config.data, text) for text in picture.captions]
            for picture in checked.pictures
        ]

        def validate():
            loss = total_nll(model.token_losses, checks).mean
            outputs = pipeline.best_of_rows(checked, Greedy())
            found = caption_scores(outputs, references, config.data.language)
            found["exact"] = exact(outputs, references, config.data.language)
            names = dict.fromkeys((config.metric, "cider_d", "bleu4"))
            scores = {"loss": loss, **{name: found[name].value for name in names}}
            shown = evenly_spaced(range(len(outputs)), 4)
            return scores, [
                f"{checked.pictures[n].name}\n   -> {outputs[n]}\n    = {references[n][0]}"
                for n in shown
            ]

        best = f"{config.metric} {{:.2f}} (greedy)"
        training.fit(model, batches, validate, metric=config.metric, best=best)


if __name__ == "__main__":
    run_main(main)
