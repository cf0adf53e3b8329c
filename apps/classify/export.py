"""Exports a run as a SavedModel, text to label: python -m apps.classify.export RUN --out DIR."""

from apps.classify.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("classify", Config, __doc__)
    import tensorflow as tf

    from apps.classify import pipeline
    from common.serving import export

    classifier, _ = pipeline.load(run, without_cudnn=True)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serving_default(text):
        probabilities, _, _ = classifier.classify(text)
        labels = tf.constant(classifier.labels)
        label = tf.gather(labels, tf.argmax(probabilities, -1))
        return {"label": label, "probabilities": probabilities, "labels": labels}

    examples = run.examples()
    examples += ["", "\u0001 ☃ 你好", " ".join(examples)]  # the last is longer than the model reads
    signatures = {"serving_default": serving_default}
    folder = export(classifier, signatures, {"serving_default": {"text": examples}}, out)
    commands.exported(folder, examples)


if __name__ == "__main__":
    run_main(main)
