"""Exports a run as a SavedModel, text to tagged words: python -m apps.tag.export RUN --out DIR."""

from apps.tag.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("tag", Config, __doc__)
    import tensorflow as tf

    from apps.tag import pipeline
    from common.serving import export

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

    examples = run.examples()
    examples += ["", "\u0001 ☃ 你好", "Don't   e-mail J. (at) 1,000.5 km/h!?", " 我 爱 购物 "]
    signatures = {
        "serving_default": serving_default,
        "columns": columns(spaced=False),
        "columns_of_words": columns(spaced=True),
    }
    folder = export(tagger, signatures, dict.fromkeys(signatures, {"text": examples}), out)
    commands.exported(folder, examples)


if __name__ == "__main__":
    run_main(main)
