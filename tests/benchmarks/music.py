"""Measures the music app's frame model against plain Keras and PyTorch.

    python -m tests.benchmarks.music [--steps 30] [--rounds 5]

The preset is `jsb` with an LSTM of 200 units, since Keras has no CIFG. Both sides have the same
weights and batches, and their losses are compared before the measurement. Rounds alternate
between them in one process, so read the ratio.
"""

import os
from dataclasses import asdict, replace

import tyro

from apps.music.config import PRESETS
from common.errors import run_main
from tests.benchmarks._training import begin, beside, show


def measure(steps: int = 14, rounds: int = 5, torch: str = ""):
    """Prints the training speed of the frame model.

    Args:
        steps: updates per round.
        rounds: pairs of rounds, after an uncounted one.
        torch: a Python with PyTorch, to measure that too.
    """
    peer = begin(steps, rounds, torch)
    import keras

    from apps.music import dataset
    from apps.music.model import make_model
    from tests.benchmarks.plain_keras_music import compiled, parts
    from tests.benchmarks.plain_keras_music import dataset as keras_dataset

    config = PRESETS["jsb"]
    config = replace(config, model=replace(config.model, cell="lstm", units=200))
    pieces = dataset.read_pieces(config, "train")
    limits = dataset.ranges(pieces)
    keras.utils.set_random_seed(config.seed)
    batches = dataset.make_batches(config, pieces, limits)
    model = make_model(config.model, len(limits))
    plain = compiled(config, model)

    def loss(arrays):
        # As in training, where the first frame counts too.
        weights = (range(arrays[0].shape[1]) < arrays[1][:, None]).astype("float32")
        return float((model.frame_nll(arrays[0].astype("float32")) * weights).numpy().sum()) / sum(
            arrays[1]
        )

    rows = beside(
        "music",
        config,
        model,
        batches,
        plain,
        dataset=keras_dataset,
        loss=loss,
        count=lambda arrays: int(arrays[1].sum()),
        unit="frames/s",
        steps=steps,
        rounds=rounds,
        torch=peer and (peer, parts(plain), asdict(config.model)),
    )
    show(
        f"jsb with an LSTM: {model.count_params():,} parameters, {os.cpu_count()} CPUs",
        rows,
        steps,
        rounds,
    )


def main():
    tyro.cli(measure, prog="python -m tests.benchmarks.music", description=__doc__)


if __name__ == "__main__":
    run_main(main)
