"""Measures the captioning app against plain Keras and PyTorch: training on frozen cells.

    python -m tests.benchmarks.caption [--steps 20] [--rounds 5]

Both sides have the same weights and batches, and their losses are compared before the
measurement. Rounds alternate between them in one process, so read the ratio.
"""

import os
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path

import tyro

from apps.caption.config import PRESETS
from common.errors import run_main
from tests.benchmarks._training import begin, beside, show, smoothed_loss, target_words


def measure(steps: int = 20, rounds: int = 5, torch: str = ""):
    """Prints the training speed of the preset flickr8k.

    Args:
        steps: updates per round.
        rounds: pairs of rounds, after an uncounted one.
        torch: a Python with PyTorch, to measure that too.
    """
    peer = begin(steps, rounds, torch)
    import keras

    from apps.caption import dataset, features
    from apps.caption.model import Captioner
    from tests.benchmarks.plain_keras_caption import compiled, parts
    from tests.benchmarks.plain_keras_translate import dataset as keras_dataset

    config = PRESETS["flickr8k"]
    pictures = dataset.read_pictures(config.data, "train")
    keras.utils.set_random_seed(config.seed)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = dataset.make_tokenizer(config, pictures, Path(folder))
    model = Captioner(config, tokenizer.vocab_size)
    batches = dataset.make_batches(config, features.load_inputs(model, pictures), tokenizer)
    plain = compiled(config, model)
    rows = beside(
        "caption",
        config,
        model,
        batches,
        plain,
        dataset=keras_dataset,
        loss=partial(smoothed_loss, model, config.model.label_smoothing),
        count=target_words,
        unit="words/s",
        steps=steps,
        rounds=rounds,
        torch=peer and (peer, parts(plain), asdict(config.model)),
    )
    trained = sum(variable.shape.num_elements() for variable in model.trainable_variables)
    show(f"flickr8k: {trained:,} parameters, {os.cpu_count()} CPUs", rows, steps, rounds)


def main():
    tyro.cli(measure, prog="python -m tests.benchmarks.caption", description=__doc__)


if __name__ == "__main__":
    run_main(main)
