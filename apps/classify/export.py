"""Exports a run as a SavedModel, text to label: python -m apps.classify.export RUN --out DIR."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.classify.config import Config
from common.errors import run_main
from common.quiet import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    out: str = "exports/classify"
    """The model's folder; the export is the next free version number in it, at first OUT/1/."""


def main():
    command = tyro.cli(Command, prog="python -m apps.classify.export", description=__doc__)

    load_tensorflow()
    import tensorflow as tf

    from apps.classify import pipeline
    from common.export import export
    from common.run import Run

    run = Run.open(command.run, "classify", Config)
    classifier, _ = pipeline.load(run, without_cudnn=True)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serving_default(text):
        probabilities, _, _ = classifier.classify(text)
        labels = tf.constant(classifier.labels)
        label = tf.gather(labels, tf.argmax(probabilities, -1))
        return {"label": label, "probabilities": probabilities, "labels": labels}

    examples = (run.path / "examples.txt").read_text(encoding="utf-8").split("\n")[:-1]
    examples += ["", "\u0001 ☃ 你好", " ".join(examples)]  # the last is longer than what is read
    signatures = {"serving_default": serving_default}
    folder = export(classifier, signatures, {"serving_default": {"text": examples}}, command.out)
    print(f"{len(examples)} texts give the same answers in a fresh process, by both loaders")
    print(folder)


if __name__ == "__main__":
    run_main(main)
