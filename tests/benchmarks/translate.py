"""Measures the translation app against plain Keras and a decoding loop in Python.

    python -m tests.benchmarks.translate [--steps 30] [--rounds 5] [--data bible|multi30k]

Both sides of a comparison have the same weights, batches and sentences, and their results are
compared before the measurement. Rounds alternate between them in one process, so that other load
on the machine affects both: read the ratio, the median over the pairs of rounds.
"""

import json
import os
import platform
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from apps.translate.config import PRESETS, Config
from common.errors import UserError, run_main
from common.runs import Run
from common.system.tensorflow import load_tensorflow
from tests.benchmarks._torch import peer_of
from tests.benchmarks._training import beside, comparison, paired, smoothed_loss, target_words

BATCHES = 32, 1  # sentences decoded at once


# Training ---------------------------------------------------------------------------------------


def training_speed(config, model, batches, steps, rounds, peer=None):
    """Rows of `comparison`: with plain Keras, and with PyTorch if there is a peer."""
    from tests.benchmarks.plain_keras_translate import compiled, dataset, parts

    try:
        plain = compiled(config.model, config.training, model)
    except ValueError as error:
        raise UserError(f"{error}: measure another run, or none") from None
    return beside(
        "translate",
        config,
        model,
        batches,
        plain,
        dataset=dataset,
        loss=partial(smoothed_loss, model, config.model.label_smoothing),
        count=target_words,
        unit="target tokens/s",
        steps=steps,
        rounds=rounds,
        torch=peer and (peer, parts(plain), asdict(config.model)),
    )


# Decoding ---------------------------------------------------------------------------------------


def decoders(config, model):
    """Functions of (source, limits): our beam search; Python loops whose step is in the graph,
    eager, or a call of `predict`; our greedy search."""
    import keras
    import tensorflow as tf

    from common.decoding import beam_search, greedy_search
    from tests.reference import beam_search_reference

    settings = config.decoding.beam
    tokens_spec = tf.TensorSpec([None, None], tf.int32)
    signature = [tokens_spec, tf.TensorSpec([None], tf.int32)]

    @tf.function(input_signature=signature)
    def beam(source, limits):
        memory, state = model.encode(source)
        step = model.step(memory)
        batch = tf.shape(source)[0]
        return beam_search(step, state, batch, limits, settings, source_mask=memory.mask)

    @tf.function(input_signature=signature)
    def greedy(source, limits):
        memory, state = model.encode(source)
        return greedy_search(model.step(memory), state, tf.shape(source)[0], limits)

    @tf.function(input_signature=[tokens_spec])
    def encode(source):
        memory, state = model.encode(source)
        return memory, state

    def eager_step(tokens, state, memory):
        return model.step(memory)(tokens, state)

    graph_step = tf.function(eager_step, reduce_retracing=True)

    class Step(keras.Model):
        """A step as `predict` takes it: a list of tensors, with as many memory rows as tokens."""

        def call(self, inputs):
            tokens, *rest = inputs
            logits, state = eager_step(tokens, *tf.nest.pack_sequence_as(self.form, rest))
            return [logits, *tf.nest.flatten(state)]

    by_predict = Step()

    def predict_step(tokens, state, memory):
        count = len(tokens)
        memory = tf.nest.map_structure(
            lambda tensor: np.repeat(tensor, count // len(tensor), 0), memory
        )
        by_predict.form = state, memory
        inputs = [tokens, *tf.nest.flatten(by_predict.form)]
        inputs = [np.asarray(tensor) for tensor in inputs]
        logits, *after = by_predict.predict(inputs, batch_size=count, verbose=0)
        return logits, tf.nest.pack_sequence_as(state, after)

    def take(state, rows):
        return tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), state)

    def loop(step, source, limits):
        memory, state = encode(source)
        return beam_search_reference(
            lambda tokens, state: step(tf.constant(tokens), state, memory),
            state,
            len(source),
            limits,
            settings,
            source_mask=(source != 0),
            take=take,
        )

    loops = [partial(loop, step) for step in (graph_step, eager_step, predict_step)]
    return beam, *loops, greedy


def assert_equal_outputs(found, expected, tolerance=1e-3):
    """The best strings are the same, or have the same score: of hypotheses closer than float32
    resolves, either may come first. Returns the number of such ties."""
    ties = 0
    for tokens, length, score, row in zip(
        found.tokens.numpy()[:, 0], found.lengths.numpy()[:, 0], found.scores.numpy()[:, 0],
        expected, strict=True,
    ):  # fmt: skip
        string, their_score, _ = row[0]
        if not abs(score - their_score) <= tolerance * max(1.0, abs(their_score)):
            raise AssertionError(f"scores differ: {score} in the graph, {their_score} in the loop")
        ties += tuple(tokens[:length].tolist()) != string
    return ties


def decoding_batches(config, sources, size):
    """(source, limits) of `size` sentences of similar length, limits as in `Pipeline`."""
    from common.batches import pad

    sources = sorted(sources, key=len)
    for start in range(0, len(sources), size):
        part = sources[start : start + size]
        ratio, extra = config.decoding.length_ratio, config.decoding.length_extra
        yield pad(part), np.array([int(len(row) * ratio) + extra for row in part], np.int32)


def decoding_speed(config, model, sources, rounds):
    """(rows of `comparison`: our beam search with each Python loop, and with our greedy search;
    number of ties)."""
    beam, *loops, greedy = decoders(config, model)
    others = {
        "Python loop": loops[1],
        "Python loop over model.predict": loops[2],
        "Python loop, step in the graph": loops[0],
        "our greedy search": lambda *batch: greedy(*batch).scores.numpy(),
    }
    rows, ties = {}, 0
    for size in BATCHES:
        some = sources if size > 1 else sources[::8]  # a Python loop at batch 1 is slow
        batches = list(decoding_batches(config, some, size))
        ties += sum(assert_equal_outputs(beam(*batch), loops[0](*batch)) for batch in batches)

        def ours(batches=batches):
            return [beam(*batch).scores.numpy() for batch in batches]

        for name, other in others.items():
            seconds = paired(
                ours,
                lambda other=other, batches=batches: [other(*batch) for batch in batches],
                rounds,
            )
            what = f"beam {config.decoding.beam.beam}, batch {size}", name
            rows[what] = comparison(len(some), seconds, "sentences/s")
    return rows, ties


# Command ----------------------------------------------------------------------------------------


def prepare(data_name, run):
    """(config, model, training batches, source tokens of the validation set)."""
    import keras

    from apps.translate import dataset
    from apps.translate.model import Translator
    from common.batches import encode
    from common.runs import checkpoints

    opened = run and Run.open(run, "translate", Config)
    config = opened.config if run else PRESETS["default" if data_name == "bible" else data_name]
    keras.utils.set_random_seed(config.seed)
    pairs = dataset.read_pairs(config.data, "train")
    if run:
        tokenizers = dataset.load_tokenizers(config, opened.path)
    else:
        with tempfile.TemporaryDirectory() as folder:
            tokenizers = dataset.make_tokenizers(config, pairs, Path(folder))
    batches = dataset.make_batches(config, pairs, *tokenizers)
    held_out = dataset.read_pairs(config.data, "validation")
    sources = encode(tokenizers[0].tokenize, [source for source, _ in held_out])
    sources = [row for row in sources if len(row) <= config.data.max_length]
    model = Translator(config.model, *(tokenizer.vocab_size for tokenizer in tokenizers))
    if run:
        stored, _ = checkpoints.load(opened.checkpoints / "best.npz")
        checkpoints.assign("model", model.variables, stored)
    return config, model, batches, sources


def measure(
    steps: int = 30,
    rounds: int = 5,
    data: Literal["bible", "multi30k"] = "bible",
    sentences: int = 64,
    run: str | None = None,
    torch: str = "",
):
    """Prints the speed of the translation app compared with plain Keras and a Python decoding loop.

    Args:
        steps: updates per round.
        rounds: pairs of rounds, after an uncounted one.
        data: data set; its preset gives the model.
        sentences: validation sentences decoded per round; every eighth of them at batch 1.
        run: folder of a trained run, to measure its data, model and weights; without
            it, weights are random and outputs have maximum length.
        torch: a Python with PyTorch, to measure that too.
    """
    if min(steps, rounds, sentences) < 1:
        raise UserError("--steps, --rounds and --sentences must be at least 1")
    peer = peer_of(torch)
    load_tensorflow()
    config, model, batches, sources = prepare(data, run)
    # Spread evenly over the whole set.
    sources = [sources[n] for n in np.linspace(0, len(sources) - 1, sentences, dtype=int)]
    decoding, ties = decoding_speed(config, model, sources, rounds)
    training = training_speed(config, model, batches, steps, rounds, peer)  # changes the weights
    rows = {("training", name): row for name, row in training.items()} | decoding
    print(f"\n{run if run else config.data.name}: {model.count_params():,} parameters, "
          f"{os.cpu_count()} CPUs; {rounds} pairs of rounds, {steps} updates or {len(sources)} "
          "sentences each; medians")  # fmt: skip
    print(f"{'':18} {'ours':>10} {'other':>10} {'ratio':>7}")
    for (what, other), row in rows.items():
        print(f"{what:18} {row['ours']:10,.1f} {row['other']:10,.1f} {row['ratio']:7.2f}  "
              f"{row['unit']}; other: {other}")  # fmt: skip
    print("the losses of both networks agree; outputs of both searches are the same"
          + (f", but for {ties} ties" if ties else ""))  # fmt: skip
    if not run:
        print("random initial weights: every output runs to its length limit; --run RUN measures "
              "trained ones")  # fmt: skip
    figures = {
        "benchmark": "translate",
        "data": config.data.name,
        "run": run,
        "parameters": model.count_params(),
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "steps": steps,
        "rounds": rounds,
        "sentences": len(sources),
        "ties": ties,
        **{", ".join(name): {k: round(v, 3) if k != "unit" else v for k, v in row.items()}
           for name, row in rows.items()},
    }  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    run_main(lambda: tyro.cli(measure, prog="python -m tests.benchmarks.translate"))
