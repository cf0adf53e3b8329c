"""The signatures of an exported music model, and the cases that its check runs."""

import numpy as np
import tensorflow as tf

from common.music import FREE

STEPS = 64  # of the checked cases; 16 frames of a roll


def export_signatures(composer, lines):
    """(name -> tf.function, name -> arguments) for a Composer and lines of examples.txt.

    The arguments are the cases that the export's check runs.
    """
    return (_rolls if composer.kind == "frames" else _voices)(composer, lines)


def _spec(name, *shape, dtype=tf.int32):
    return tf.TensorSpec(shape, dtype, name=name)


def _voices(composer, lines):
    pipeline, voices = composer.pipeline, len(composer.pipeline.limits)
    notes, facts = _spec("notes", None, None, voices), _spec("facts", None, composer.facts)

    @tf.function(
        input_signature=[notes, facts, _spec("temperature", dtype=tf.float32), _spec("seed", 2)],
        autograph=False,
    )
    def generate(notes, facts, temperature, seed):
        found, log_prob = pipeline.compose(notes, facts, temperature, seed)
        return {"notes": found, "log_prob": log_prob}

    @tf.function(input_signature=[notes, _spec("given", voices), facts], autograph=False)
    def score(notes, given, facts):
        return {"nll": pipeline.score_voices(notes, given, facts)}

    given = [composer.read(line)[:STEPS] for line in lines]
    given = [np.pad(g, ((0, STEPS - len(g)), (0, 0)), constant_values=FREE) for g in given]
    batch = np.stack([*given, np.full_like(given[0], FREE)])
    facts = np.repeat([[16, 4, 2, -1, -1, -1][: composer.facts]], len(batch), 0).astype(np.int32)
    drawn = {"facts": facts.tolist(), "temperature": 0.8, "seed": [1, 2]}
    whole = composer.run(batch, facts, 0.8, (1, 2))[0].numpy().tolist()
    cases = {
        "generate": {"notes": batch.tolist(), **drawn},
        "score": {"notes": whole, "given": [1] + [0] * (voices - 1), "facts": facts.tolist()},
    }
    return {"serving_default": generate, "generate": generate, "score": score}, cases


def _rolls(composer, lines):
    pipeline = composer.pipeline

    @tf.function(
        input_signature=[
            _spec("roll", None, None, 88),
            _spec("steps"),
            _spec("temperature", dtype=tf.float32),
            _spec("seed", 2),
        ]
    )
    def generate(roll, steps, temperature, seed):
        return {"roll": pipeline.continue_roll(roll, steps, temperature, seed)}

    @tf.function(input_signature=[_spec("roll", None, None, 88), _spec("length", None)])
    def score(roll, length):
        return {"nll": pipeline.score_rolls(roll, length)}

    primers = [composer.read(line) for line in lines]
    longest = min(map(len, primers))
    batch = np.stack([primer[:longest] for primer in primers]).astype(int).tolist()
    lengths = [longest] * len(batch)
    cases = {
        "generate": {"roll": batch, "steps": 16, "temperature": 0.8, "seed": [1, 2]},
        "score": {"roll": batch, "length": lengths},
    }
    return {"serving_default": generate, "generate": generate, "score": score}, cases
