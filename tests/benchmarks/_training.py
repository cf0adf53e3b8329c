"""A training step of ours beside the same network elsewhere, in paired rounds."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from common.errors import UserError
from common.run import Run
from tests.benchmarks.plain_torch import training_round
from tests.benchmarks.translate import comparison, paired, train_ours


def beside(app, config, model, batches, plain, *, dataset, loss, count, unit, steps, rounds, torch):
    """Rows of `comparison`: with plain Keras, and with PyTorch where there is a peer.

    Args:
        plain: the compiled Keras model, with the weights of ours.
        dataset: (batches, order) -> what `fit` takes.
        loss: arrays -> the training loss of our model without dropout.
        count: arrays -> how many units they hold.
        unit: such as "words/s".
        torch: None, or (peer, name -> weights, settings of the network in plain_torch).
    """
    from common.training import Trainer
    from common.workers import strategy

    order = batches.order(0)[:steps]
    if len(order) < steps:
        raise UserError(f"an epoch has {len(order)} batches: --steps {steps} is too many")
    examples = [batches.arrays(batch) for batch in order]
    ours, theirs = loss(examples[0]), plain.evaluate(dataset(batches, order[:1]), verbose=0)
    if not abs(ours - theirs) < 1e-4 * max(1, abs(ours)):
        raise AssertionError(f"not the same network: loss {ours} of ours, {theirs} of plain Keras")
    total = sum(map(count, examples))
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            Run.start(Path(folder, "run"), app, config),
            replace(config.training, checkpoint_minutes=1e9),
            strategy(),
            model,
            batches,
            model.token_losses,
            validate=None,
            metric="loss",
        )
        others = {
            "plain Keras, model.fit": lambda: plain.fit(
                dataset(batches, order), shuffle=False, verbose=0
            )
        }
        if torch:
            peer, parts, settings = torch
            settings |= {
                "learning_rate": config.training.learning_rate,
                "clip_norm": config.training.clip_norm or 1e9,
            }
            trained = sum(v.shape.num_elements() for v in model.trainable_variables)
            others[f"PyTorch {peer.version}"] = training_round(
                peer, app, folder, parts, examples, settings, (ours, trained)
            )
        train = partial(train_ours, trainer, steps)
        return {
            name: comparison(total, paired(train, other, rounds), unit)
            for name, other in others.items()
        }


def show(title, rows, steps, rounds):
    """Prints the rows as a table."""
    print(f"\n{title}; {rounds} pairs of rounds of {steps} updates; medians")
    print(f"{'':18} {'ours':>10} {'other':>10} {'ratio':>7}")
    for other, row in rows.items():
        speeds = f"{row['ours']:10,.1f} {row['other']:10,.1f} {row['ratio']:7.2f}"
        print(f"{'training':18} {speeds}  {row['unit']}; other: {other}")
