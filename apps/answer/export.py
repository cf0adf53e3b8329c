"""Exports a run as a SavedModel, text to answer: python -m apps.answer.export RUN --out DIR."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.answer.config import Config
from common.errors import run_main
from common.quiet import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    out: str = "exports/answer"
    """The model's folder; the export is the next free version number in it, at first OUT/1/."""


def main():
    command = tyro.cli(Command, prog="python -m apps.answer.export", description=__doc__)

    load_tensorflow()
    import tensorflow as tf

    from apps.answer import pipeline
    from common.export import export
    from common.run import Run

    run = Run.open(command.run, "answer", Config)
    answerer, _ = pipeline.load(run, without_cudnn=True)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serving_default(text):
        answers, probabilities = answerer.answer(text)
        return {"answer": answers[:, 0], "probability": probabilities[:, 0]}

    examples = (run.path / "examples.txt").read_text(encoding="utf-8").split("\n")[:-1]
    examples += ["Where is John?", "", "?!", "A zorkmid went.\nWhere is the ☃", "\u0001 你好。谁？"]
    cases = {"serving_default": {"text": examples}}
    folder = export(answerer, {"serving_default": serving_default}, cases, command.out)
    print(f"{len(examples)} texts give the same answers in a fresh process, by both loaders")
    print(folder)


if __name__ == "__main__":
    run_main(main)
