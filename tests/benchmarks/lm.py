"""Measures the language model against plain Keras: training on a stream, writing token by token.

    python -m tests.benchmarks.lm [--steps 40] [--rounds 5] [--data kjv|penn_treebank]

Both sides have the same network, weights and batches, and their losses are compared before the
measurement. Rounds alternate between them in one process, so read the ratio.
"""

import json
import os
import platform
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from apps.lm.config import PRESETS
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from tests.benchmarks._torch import peer_of
from tests.benchmarks._training import beside, comparison, target_words

SAMPLED = 1000  # tokens written in the graph
PREDICTED = 60  # calls of model.predict


def resident_megabytes():
    """Memory of this process in use, or None without /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def training_speed(config, model, streams, steps, rounds, peer=None):
    """Rows of `comparison`: with plain Keras, and with PyTorch if there is a peer; and the memory
    after each of our rounds."""
    from tests.benchmarks.plain_keras_lm import compiled, dataset, parts

    plain, memory = compiled(config, model, streams.batch_size), []

    def loss(arrays):
        _, count, nll, _ = model.token_losses(arrays, training=False)
        return float(nll / count)

    def reset():
        for rnn in plain.rnns:
            rnn.reset_states()

    rows = beside(
        "lm",
        replace(config, training=replace(config.training, ema=0.0)),
        model,
        streams,
        plain,
        dataset=dataset,
        loss=loss,
        count=target_words,
        unit="tokens/s",
        steps=steps,
        rounds=rounds,
        torch=peer and (peer, parts(plain), asdict(config.model)),
        state=model.zero_state(streams.batch_size),
        before_fit=reset,
        after_ours=lambda: memory.append(resident_megabytes()),
    )
    return rows, memory


def writing_speed(config, model, vocab, rounds):
    """Samples a text: the whole loop in the graph, and a Python loop over model.predict."""
    import tensorflow as tf

    from common.decoding import Sampling, sample
    from common.text import EOS
    from tests.benchmarks.plain_keras_lm import compiled

    @tf.function
    def write(seed):
        first = tf.constant([EOS])
        return sample(
            model.step, model.zero_state(1), 1, SAMPLED, Sampling(seed), first=first, eos=-1
        ).tokens

    plain = compiled(config, model, 1)
    random = np.random.default_rng(1)

    def predict():
        token = EOS
        for _ in range(PREDICTED):
            logits = plain.predict(np.array([[token]]), verbose=0)[0, 0].astype(np.float64)
            chances = np.exp(logits - logits.max())
            token = int(random.choice(vocab, p=chances / chances.sum()))

    write(tf.constant([1, 2])), predict()
    seconds = []
    for number in range(rounds):
        start = time.perf_counter()
        write(tf.constant([number, 2])).numpy()
        middle = time.perf_counter()
        predict()
        seconds.append([(middle - start) / SAMPLED, (time.perf_counter() - middle) / PREDICTED])
    return comparison(1, np.array(seconds).T, "tokens/s")


def measure(
    steps: int = 40,
    rounds: int = 5,
    data: Literal["kjv", "penn_treebank"] = "kjv",
    torch: str = "",
):
    """Prints the speed of the language model compared with plain Keras.

    Args:
        steps: updates per round.
        rounds: pairs of rounds, after an uncounted one.
        data: data set; its preset gives the model.
        torch: a Python with PyTorch, to measure that too.
    """
    if min(steps, rounds) < 1:
        raise UserError("--steps and --rounds must be at least 1")
    peer = peer_of(torch)
    load_tensorflow()
    import keras

    from apps.lm import dataset as texts
    from apps.lm.model import LanguageModel
    from common.batches import encode

    config = PRESETS["default" if data == "kjv" else data]
    # Plain Keras has neither the penalties nor the dropout of vocabulary entries.
    plain = replace(config.model, token_dropout=0.0, activation_penalty=0.0, temporal_penalty=0.0)
    config = replace(config, model=plain, streams=replace(config.streams, vary=False))
    lines = texts.read_lines(config.data, "train")
    keras.utils.set_random_seed(config.seed)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = texts.make_tokenizer(config, lines, Path(folder))
    streams = texts.make_batches(config, encode(tokenizer.tokenize, lines))
    model = LanguageModel(config.model, tokenizer.vocab_size)
    writing = writing_speed(config, model, tokenizer.vocab_size, rounds)
    training, memory = training_speed(config, model, streams, steps, rounds, peer)
    print(
        f"\n{config.data.name}: {model.count_params():,} parameters, {os.cpu_count()} CPUs; "
        f"{rounds} pairs of rounds of {steps} updates; medians"
    )
    print(f"{'':18} {'ours':>10} {'other':>10} {'ratio':>7}")
    rows = [("training", row, other) for other, row in training.items()]
    rows.append(("writing, batch 1", writing, "Python loop over model.predict"))
    for name, row, other in rows:
        speeds = f"{row['ours']:10,.1f} {row['other']:10,.1f} {row['ratio']:7.2f}"
        print(f"{name:18} {speeds}  {row['unit']}; other: {other}")
    if None not in memory:
        print(
            "resident memory after each round of ours, MB: " + " ".join(f"{m:.0f}" for m in memory)
        )
    figures = {
        "benchmark": "lm",
        "data": config.data.name,
        "parameters": model.count_params(),
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "steps": steps,
        "rounds": rounds,
        "training_ratio": {other: round(row["ratio"], 3) for other, row in training.items()},
        "writing_ratio": round(writing["ratio"], 3),
        "megabytes": [m and round(m) for m in memory],
        "median": {"training": training, "writing": writing},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    run_main(lambda: tyro.cli(measure, prog="python -m tests.benchmarks.lm"))
