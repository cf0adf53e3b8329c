"""Exports a run as a SavedModel, text to text: python -m apps.lm.export RUN --out DIR."""

from apps.lm.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("lm", Config, __doc__)
    import tensorflow as tf

    from apps.lm import pipeline
    from common.serving import export

    writer, _ = pipeline.load(run, without_cudnn=True)
    ours = run.config.writing
    texts = tf.TensorSpec([None], tf.string, name="prompt")
    settings = {
        "max_length": tf.TensorSpec([], tf.int32, name="max_length"),
        "temperature": tf.TensorSpec([], tf.float32, name="temperature"),
        "top_k": tf.TensorSpec([], tf.int32, name="top_k"),
        "top_p": tf.TensorSpec([], tf.float32, name="top_p"),
        "seed": tf.TensorSpec([], tf.int32, name="seed"),
    }

    def write(prompt, max_length, temperature, top_k, top_p, seed):
        text, log_prob, _ = writer.generate(
            prompt,
            tf.fill(tf.shape(prompt), seed),
            max_length=max_length,
            lines=ours.lines,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
        )
        return {"text": text, "log_probability": log_prob}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="prompt")])
    def serving_default(prompt):
        return write(prompt, ours.max_tokens, ours.temperature, ours.top_k, ours.top_p, 1)

    @tf.function(input_signature=[texts, *settings.values()])
    def generate(prompt, max_length, temperature, top_k, top_p, seed):
        return write(prompt, max_length, tf.maximum(temperature, 0.0), top_k, top_p, seed)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def score(text):
        log_probs, tokens = writer.score(text)
        total = tf.reduce_sum(log_probs, 1)
        return {"log_probabilities": log_probs, "tokens": tokens, "log_probability": total}

    examples = run.examples()
    examples += ["", "\u0001 ☃ 你好", "two\nlines"]
    chosen = {"max_length": 20, "temperature": 1.0, "top_k": 10, "top_p": 0.9, "seed": 7}
    folder = export(
        writer,
        {"serving_default": serving_default, "generate": generate, "score": score},
        {
            "serving_default": {"prompt": examples},
            "generate": {"prompt": examples, **chosen},
            "score": {"text": examples},
        },
        out,
    )
    commands.exported(folder, examples)


if __name__ == "__main__":
    run_main(main)
