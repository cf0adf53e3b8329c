"""Exports a run as a SavedModel, text to answer: python -m apps.answer.export RUN --out DIR."""

from apps.answer.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("answer", Config, __doc__)
    import tensorflow as tf

    from apps.answer import pipeline
    from common.serving import export

    answerer, _ = pipeline.load(run, without_cudnn=True)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serving_default(text):
        answers, probabilities = answerer.answer(text)
        return {"answer": answers[:, 0], "probability": probabilities[:, 0]}

    examples = run.examples()
    examples += ["Where is John?", "", "?!", "A zorkmid went.\nWhere is the ☃", "\u0001 你好。谁？"]
    cases = {"serving_default": {"text": examples}}
    folder = export(answerer, {"serving_default": serving_default}, cases, out)
    commands.exported(folder, examples)


if __name__ == "__main__":
    run_main(main)
