"""Measures the summarisation app: training speed against plain Keras and PyTorch, time and memory
by source length, and copying of unseen words.

    python -m tests.benchmarks.summarize [--rounds 5] [--lengths 100 200 400 800] [--run RUN]

The networks compared are those of the first phase, three quarters of training: without coverage
and without the app's word dropout.

With --run: where the summary of a validation document has copied a word (the rarest, if several),
that word is replaced throughout the document by an unseen word. The copy is correct if the new
summary has the new word. For runs on docstrings, also short documents about an unseen thing
(`ABOUT`), whose summary has to name it.
"""

import json
import os
import re
import resource
import sys
import tempfile
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import tyro

from apps.summarize.config import DEFAULT, PRESETS, Config
from common.errors import UserError, run_main
from common.runs import Run
from tests.benchmarks._training import begin, beside, show, target_words

BATCH, SUMMARY, VOCAB = 32, 12, 10000
FREQUENT = 300  # first words of the vocabulary, which are not names
COPIED = 0.5  # minimum probability for a word to count as copied
WORD = re.compile(r"\w+")
ABOUT = (
    "Returns a list of all {} objects that the server knows.",
    "Converts the given {} to a string. Args: value: the {} to convert.",
    "This reads the {} from the file and returns it.",
    "Create a {} and add it to the current graph. Args: name: the name of the {}.",
    "If the {} is empty, an error is raised. The {} is computed from the inputs.",
)


def measure(
    steps: int = 10,
    rounds: int = 5,
    torch: str = "",
    lengths: tuple[int, ...] = (100, 200, 400, 800),
    run: str = "",
    cases: int = 100,
):
    """Measures, prints a table, and JSON as the last line.

    Args:
        steps: updates per round, on the preset aeslc.
        rounds: pairs of rounds; and training steps measured at each length. Medians count.
        torch: a Python with PyTorch, to measure that too.
        lengths: of the sources, in tokens.
        run: folder of a trained run, to measure copying too.
        cases: number of documents.
    """
    if min(rounds, cases, *lengths) < 1:
        raise UserError("--rounds, --cases and --lengths must be at least 1")
    peer = begin(steps, rounds, torch)
    figures = {"benchmark": "summarize", "cpus": os.cpu_count(), "batch": BATCH, "rounds": rounds}
    print(f"one training step: batch {BATCH}, summaries of {SUMMARY} tokens, preset default")
    print(f"{'tokens':>8} {'seconds':>9} {'ms a token':>11} {'peak GB':>9}")
    for length, (seconds, gigabytes) in training_steps(lengths, rounds).items():
        print(f"{length:8} {seconds:9.3f} {1000 * seconds / length:11.2f} {gigabytes:9.2f}")
        figures[str(length)] = {"seconds": round(seconds, 4), "peak_gb": round(gigabytes, 2)}
    figures["training"] = training(steps, rounds, peer)
    if run:
        figures["copying"] = copying(Run.open(run, "summarize", Config), cases)
    print(json.dumps(figures))


def training(steps, rounds, peer):
    """Prints and returns rows of `_training.beside` on the preset aeslc."""
    import keras

    from apps.summarize import dataset
    from apps.summarize.model import Summarizer
    from tests.benchmarks.plain_keras_summarize import compiled, parts
    from tests.benchmarks.plain_keras_translate import dataset as keras_dataset

    config = PRESETS["aeslc"]
    config = replace(config, model=replace(config.model, coverage=0.0, word_dropout=0.0))
    examples = dataset.read_examples(config.data, "train")
    keras.utils.set_random_seed(config.seed)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = dataset.make_tokenizer(config, examples, Path(folder))
    model = Summarizer(config.model, tokenizer.vocab_size)
    plain = compiled(config, model)

    def loss(arrays):
        total, words, _ = model.token_losses(arrays, training=False)
        return float(total / words)

    rows = beside(
        "summarize",
        config,
        model,
        dataset.make_batches(config, tokenizer, examples),
        plain,
        dataset=partial(keras_dataset, told=True),
        loss=loss,
        count=target_words,
        unit="words/s",
        steps=steps,
        rounds=rounds,
        torch=peer and (peer, parts(plain), asdict(config.model)),
    )
    show(f"aeslc: {model.count_params():,} parameters, {os.cpu_count()} CPUs", rows, steps, rounds)
    return rows


def training_steps(lengths, rounds):
    """Source length -> (median seconds of a step, peak memory of the process so far)."""
    import tensorflow as tf

    from apps.summarize.model import Summarizer

    model = Summarizer(replace(DEFAULT.model), VOCAB)
    random = np.random.default_rng(0)

    @tf.function(reduce_retracing=True)
    def step(source, target):
        with tf.GradientTape() as tape:
            loss, _, _ = model.token_losses((source, target), 1.0)
        gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
        return tf.linalg.global_norm([tf.convert_to_tensor(g) for g in gradients])

    spec = tf.TensorSpec([None, None], tf.int32)
    compiled, found = step.get_concrete_function(spec, spec), {}
    for length in sorted(lengths):
        source, target = (
            tf.constant(random.integers(4, VOCAB, [BATCH, size]), tf.int32)
            for size in (length, SUMMARY)
        )
        seconds = []
        for _ in range(rounds + 1):  # the first step is not counted
            started = time.perf_counter()
            compiled(source, target).numpy()
            seconds.append(time.perf_counter() - started)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        found[length] = median(seconds[1:]), peak * (1e-3 if sys.platform == "darwin" else 1)
    return found


def copying(run, cases):
    """{"tried", "right", "share"}; prints some of the wrong cases."""
    from apps.summarize import dataset, pipeline
    from apps.summarize.provenance import provenance

    summarizer, _ = pipeline.load(run)
    documents = [e.document for e in dataset.read_examples(run.config.data, "validation")]
    documents = [documents[n] for n in np.linspace(0, len(documents) - 1, cases, dtype=int)]
    rank = {word: n for n, word in enumerate(_vocabulary(summarizer.tokenizer))}
    chosen = []
    for document, summary in zip(documents, summarizer.best(documents, quiet=True), strict=True):
        words = provenance(summarizer, document, summary).words
        said = [w.word for w in words if w.copied >= COPIED and WORD.fullmatch(w.word)]
        said = [
            w for w in said if rank.get(w, len(rank)) >= FREQUENT and w in WORD.findall(document)
        ]
        if said:
            word = max(said, key=lambda w: rank.get(w, len(rank)))
            name = f"zor{len(chosen):02d}kmid_q"
            changed = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", name, document)
            chosen.append((word, name, changed))
    if not chosen:
        print("copying: no summary has copied a rare word of its document")
        return {"tried": 0, "right": 0, "share": None}
    outputs = summarizer.best([changed for *_, changed in chosen], quiet=True)
    wrong = [
        (word, name, output)
        for (word, name, _), output in zip(chosen, outputs, strict=True)
        if name not in WORD.findall(output)
    ]
    right = len(chosen) - len(wrong)
    print(f"copying: {right} of {len(chosen)} unseen words ({len(documents)} documents)")
    for word, name, output in wrong[:5]:
        print(f"  {word} -> {name}: {output}")
    found = {"tried": len(chosen), "right": right, "share": round(right / len(chosen), 4)}
    if run.config.data.name == DEFAULT.data.name:
        found["constructed"] = constructed(summarizer, cases)
    return found


def constructed(summarizer, cases):
    """{"tried", "right"} for documents about a made-up thing."""
    random = np.random.default_rng(1)
    names = [
        "".join(random.choice(list("bcdfgklmnprstvz"), 3))
        + "_"
        + "".join(random.choice(list("aeioubdgklmn"), 4))
        for _ in range(cases)
    ]
    documents = [ABOUT[n % len(ABOUT)].replace("{}", name) for n, name in enumerate(names)]
    outputs = summarizer.best(documents, quiet=True)
    right = sum(name in output for name, output in zip(names, outputs, strict=True))
    print(f"constructed: {right} of {cases} name the thing that the document is about")
    return {"tried": cases, "right": right}


def _vocabulary(tokenizer):
    return tokenizer.pieces(range(tokenizer.vocab_size))


if __name__ == "__main__":
    run_main(lambda: tyro.cli(measure, prog="python -m tests.benchmarks.summarize"))
