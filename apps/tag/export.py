"""Exports a run as a SavedModel, text to tagged words: python -m apps.tag.export RUN --out DIR."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.tag.config import Config
from common.errors import run_main
from common.quiet import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    out: str = "exports/tag"
    """The model's folder; the export is the next free version number in it, at first OUT/1/."""


def main():
    command = tyro.cli(Command, prog="python -m apps.tag.export", description=__doc__)

    load_tensorflow()
    import tensorflow as tf

    from apps.tag import pipeline
    from common.export import export
    from common.run import Run

    run = Run.open(command.run, "tag", Config)
    tagger, _ = pipeline.load(run, without_cudnn=True)
    signature = [tf.TensorSpec([None], tf.string, name="text")]

    @tf.function(input_signature=signature)
    def serving_default(text):
        words = tagger.cut(text)
        tags, _ = tagger.tag(words)
        pairs = words.with_flat_values(
            tf.strings.join([words.flat_values, tags.flat_values], separator="/")
        )
        return {"tagged": tf.strings.reduce_join(pairs, axis=-1, separator=" ")}

    def columns(spaced):
        @tf.function(input_signature=signature)
        def function(text):
            words = tagger.cut(text, spaced)
            tags, shares = tagger.tag(words)
            found = {"words": words, "tags": tags, "probabilities": shares}
            return {name: values.to_tensor() for name, values in found.items()}

        return function

    examples = (run.path / "examples.txt").read_text(encoding="utf-8").split("\n")[:-1]
    examples += ["", "\u0001 ☃ 你好", "Don't   e-mail J. (at) 1,000.5 km/h!?", " 我 爱 购物 "]
    signatures = {
        "serving_default": serving_default,
        "columns": columns(spaced=False),
        "columns_of_words": columns(spaced=True),
    }
    folder = export(tagger, signatures, dict.fromkeys(signatures, {"text": examples}), command.out)
    print(f"{len(examples)} texts give the same answers in a fresh process, by both loaders")
    print(folder)


if __name__ == "__main__":
    run_main(main)
