"""Speed of the captioning app against plain Keras and PyTorch: training on frozen cells.

    python -m tests.benchmarks.caption [--steps 20] [--rounds 5]

Both sides have the same weights and batches, and their losses are compared before anything is
measured. Rounds alternate between them in one process: read the ratio.
"""

import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tyro

from apps.caption.config import PRESETS
from common.errors import UserError, run_main
from common.quiet import load_tensorflow
from common.text import BOS, PAD
from data import DataError
from tests.benchmarks._training import beside, show
from tests.benchmarks.plain_torch import peer_of


def our_loss(config, model, arrays):
    """The training loss of our model on one batch, without dropout."""
    import tensorflow as tf

    from common.losses import smoothed_cross_entropy

    cells, caption = arrays
    shifted = np.pad(caption[:, :-1], [(0, 0), (1, 0)], constant_values=BOS)
    features, _ = model((cells, shifted))
    scored = caption != PAD
    logits = model.logits(tf.boolean_mask(features, scored))
    losses = smoothed_cross_entropy(logits, caption[scored], config.model.label_smoothing)[0]
    return float(tf.reduce_mean(losses))


def measure(steps: int = 20, rounds: int = 5, torch: str = ""):
    """Prints the speed of training on the preset flickr8k.

    Args:
        steps: updates a round.
        rounds: pairs of rounds, after one that is not counted.
        torch: a Python that has PyTorch, to measure that as well.
    """
    if min(steps, rounds) < 1:
        raise UserError("--steps and --rounds must be at least 1")
    peer = peer_of(torch)
    load_tensorflow()
    import keras

    from apps.caption import data, features
    from apps.caption.model import Captioner
    from tests.benchmarks.plain_keras_caption import compiled, dataset, parts

    config = PRESETS["flickr8k"]
    pictures = data.read_pictures(config.data, "train")
    keras.utils.set_random_seed(config.seed)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = data.make_tokenizer(config, pictures, Path(folder))
    model = Captioner(config, tokenizer.vocab_size)
    batches = data.make_batches(config, features.load_inputs(model, pictures), tokenizer)
    plain = compiled(config, model)
    rows = beside(
        "caption",
        config,
        model,
        batches,
        plain,
        dataset=dataset,
        loss=lambda arrays: our_loss(config, model, arrays),
        count=lambda arrays: int((arrays[1] != PAD).sum()),
        unit="words/s",
        steps=steps,
        rounds=rounds,
        torch=peer and (peer, parts(plain), asdict(config.model) | {"bos": BOS}),
    )
    trained = sum(variable.shape.num_elements() for variable in model.trainable_variables)
    show(f"flickr8k: {trained:,} parameters, {os.cpu_count()} CPUs", rows, steps, rounds)


def main():
    tyro.cli(measure, prog="python -m tests.benchmarks.caption", description=__doc__)


if __name__ == "__main__":
    run_main(main, also=(DataError,))
