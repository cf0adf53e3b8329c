"""The functions of an exported music model, and the cases that its check runs."""

import numpy as np
import tensorflow as tf

from common.music import FREE

STEPS = 64  # of the checked cases; 16 frames of a roll


def of(composer, lines):
    """(name -> tf.function, name -> arguments) for a Composer and lines of examples.txt."""
    return (_rolls if composer.kind == "frames" else _voices)(composer, lines)


def _spec(name, *shape, dtype=tf.int32):
    return tf.TensorSpec(shape, dtype, name=name)


def _voices(composer, lines):
    pipeline, voices = composer.pipeline, len(composer.pipeline.limits)
    notes = _spec("notes", None, None, voices)
    facts = [_spec(name, None) for name in ("bar", "pickup", "key")]

    @tf.function(
        input_signature=[notes, *facts, _spec("temperature", dtype=tf.float32), _spec("seed", 2)]
    )
    def generate(notes, bar, pickup, key, temperature, seed):
        found, log_prob = pipeline.compose(notes, bar, pickup, key, temperature, seed)
        return {"notes": found, "log_prob": log_prob}

    @tf.function(input_signature=[notes, _spec("given", voices), *facts])
    def score(notes, given, bar, pickup, key):
        return {"nll": pipeline.score_voices(notes, given, bar, pickup, key)}

    given = [composer.read(line)[:STEPS] for line in lines]
    given = [np.pad(g, ((0, STEPS - len(g)), (0, 0)), constant_values=FREE) for g in given]
    batch = np.stack([*given, np.full_like(given[0], FREE)])
    facts = {name: [value] * len(batch) for name, value in (("bar", 16), ("pickup", 4), ("key", 2))}
    whole = pipeline.compose(
        tf.constant(batch), *(tf.constant(v) for v in facts.values()), 0.8, (1, 2)
    )[0]
    cases = {
        "generate": {"notes": batch.tolist(), **facts, "temperature": 0.8, "seed": [1, 2]},
        "score": {
            "notes": whole.numpy().tolist(),
            "given": [1] + [0] * (voices - 1),
            **facts,
        },
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
