"""Compares speeds in paired rounds, above all of a training step with that of the same network
elsewhere."""

import contextlib
import io
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from common.errors import UserError
from common.runs import Run
from common.system.tensorflow import load_tensorflow
from common.text import BOS, PAD, UNK
from tests.benchmarks._torch import peer_of, training_round

PAUSE = 0.5  # seconds before a round: the other process's threads keep spinning for a while


def paired(ours, other, rounds):
    """Seconds `[2, rounds]` of both functions, in turn; a first round is not counted.

    Every second pair starts with the second function, so neither always has the warmer cache.
    """
    seconds = np.zeros([rounds + 1, 2])
    for number in range(rounds + 1):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            time.sleep(PAUSE)
            start = time.perf_counter()
            (ours, other)[side]()
            seconds[number, side] = time.perf_counter() - start
    return seconds[1:].T


def comparison(count, seconds, unit):
    """Median speeds (`count` units per round), and the median ratio of the pairs."""
    ours, other = seconds
    ratio = median((other / ours).tolist())
    return {"unit": unit, "ours": count / median(ours.tolist()),
            "other": count / median(other.tolist()), "ratio": ratio}  # fmt: skip


def make_trainer(app, folder, config, model, batches, state=None):
    """The app's own `Trainer`, without timed checkpoints, which plain Keras does not have."""
    from common.system.workers import strategy
    from common.training import Trainer

    settings = replace(config.training, checkpoint_minutes=1e9)
    run, loss = Run.start(Path(folder, "run"), app, config), model.token_losses
    return Trainer(
        run, settings, strategy(), model, batches, loss, validate=None, metric="loss", state=state
    )


def train_ours(trainer, steps):
    """`steps` updates on the first batches of epoch 0, in the real loop with its log and bar."""
    from common.system.signals import Stop
    from common.training.reporting import Progress

    position = trainer.position
    position.batch = 0
    with contextlib.redirect_stdout(io.StringIO()):  # Progress writes to its first stdout
        progress = Progress(trainer.run, trainer.total_steps, position)
    with progress:
        trainer.train_epoch(position.step + steps, Stop(), progress)


def target_words(arrays):
    """Number of words in the targets of (input, target)."""
    return int((arrays[1] != PAD).sum())


def smoothed_loss(model, smoothing, arrays):
    """The training loss, without dropout, of a model with teacher forcing; arrays are (input,
    target)."""
    import tensorflow as tf

    from common.training import smoothed_cross_entropy

    given, target = arrays
    shifted = np.pad(target[:, :-1], [(0, 0), (1, 0)], constant_values=BOS)
    features, _ = model((given, shifted))
    scored = target != PAD
    logits = model.logits(tf.boolean_mask(features, scored))
    return float(tf.reduce_mean(smoothed_cross_entropy(logits, target[scored], smoothing)[0]))


def beside(
    app,
    config,
    model,
    batches,
    plain,
    *,
    dataset,
    loss,
    count,
    unit,
    steps,
    rounds,
    torch,
    state=None,
    before_fit=lambda: None,
    after_ours=lambda: None,
):
    """Rows of `comparison`: with plain Keras, and with PyTorch if there is a peer.

    Args:
        plain: the compiled Keras model, with our weights.
        dataset: (batches, order) -> an argument of `fit`.
        loss: arrays -> the training loss of our model without dropout.
        count: arrays -> number of units.
        unit: such as "words/s".
        torch: None, or (peer, name -> weights, settings of the network in plain_torch).
        state: state that our model carries from batch to batch.
        before_fit, after_ours: called in each round of plain Keras, of ours.
    """
    order = batches.order(0)[:steps]
    if len(order) < steps:
        raise UserError(f"an epoch has {len(order)} batches: --steps {steps} is too many")
    examples = [batches.arrays(batch) for batch in order]
    ours, theirs = loss(examples[0]), plain.evaluate(dataset(batches, order[:1]), verbose=0)
    if not abs(ours - theirs) < 1e-4 * max(1, abs(ours)):
        raise AssertionError(f"not the same network: loss {ours} of ours, {theirs} of plain Keras")
    total = sum(map(count, examples))
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(app, folder, config, model, batches, state)

        def train():
            train_ours(trainer, steps)
            after_ours()

        def fit():
            before_fit()
            plain.fit(dataset(batches, order), shuffle=False, verbose=0)

        others = {"plain Keras, model.fit": fit}
        if torch:
            peer, parts, settings = torch
            settings |= {
                "bos": BOS,
                "unk": UNK,
                "learning_rate": config.training.learning_rate,
                "clip_norm": config.training.clip_norm or 1e9,
            }
            trained = sum(v.shape.num_elements() for v in model.trainable_variables)
            others[f"PyTorch {peer.version}"] = training_round(
                peer, app, folder, parts, examples, settings, (ours, trained)
            )
        return {
            name: comparison(total, paired(train, other, rounds), unit)
            for name, other in others.items()
        }


def begin(steps, rounds, torch):
    """Checks the numbers and loads TensorFlow; returns the PyTorch process, or None."""
    if min(steps, rounds) < 1:
        raise UserError("--steps and --rounds must be at least 1")
    peer = peer_of(torch)
    load_tensorflow()
    return peer


def show(title, rows, steps, rounds):
    """Prints the rows as a table."""
    print(f"\n{title}; {rounds} pairs of rounds of {steps} updates; medians")
    print(f"{'':18} {'ours':>10} {'other':>10} {'ratio':>7}")
    for other, row in rows.items():
        speeds = f"{row['ours']:10,.1f} {row['other']:10,.1f} {row['ratio']:7.2f}"
        print(f"{'training':18} {speeds}  {row['unit']}; other: {other}")
