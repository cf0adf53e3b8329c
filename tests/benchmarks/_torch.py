"""Runs the PyTorch side of the speed tables in another process.

The suite does not need PyTorch: `Peer` starts plain_torch.py with a Python that has it, and
requests one round at a time, so that the rounds of both sides alternate on the same machine.

    python3 -m venv ~/torch && ~/torch/bin/pip install torch numpy ncps
    make bench-layers ARGS="--torch ~/torch/bin/python"
"""

import json
import subprocess
from functools import partial
from pathlib import Path

import numpy as np

from common.errors import UserError

SERVER = Path(__file__).with_name("plain_torch.py")


class Peer:
    """A process of `python` with torch; requests are dicts, answered one by one.

    Raises: ValueError if that Python cannot import torch, or if a request fails.
    """

    def __init__(self, python):
        pipe = subprocess.PIPE
        try:
            self.process = subprocess.Popen(
                [python, SERVER], stdin=pipe, stdout=pipe, encoding="utf-8"
            )
        except OSError as error:
            raise ValueError(f"cannot run {python}: {error.strerror}") from None
        self.version, self.has_ncps = self._read()

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise ValueError("PyTorch's process has ended: its message is above")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def peer_of(python):
    """The PyTorch process, or None without a Python for it."""
    try:
        return Peer(python) if python else None
    except ValueError as error:
        raise UserError(f"--torch {python}: {error}") from None


def training_round(peer, name, folder, parts, batches, config, expected):
    """A function that trains the PyTorch version of a network once on the batches.

    Args:
        name: one of `networks`.
        folder: an empty folder for the files that both processes read.
        parts: name -> weights in Keras' layout.
        config: settings of the network and its training, for JSON.
        expected: loss of the first batch without dropout, and number of parameters; AssertionError
            if those of PyTorch differ.
    """
    named = {f"{part}/{n}": array for part in parts for n, array in enumerate(parts[part])}
    np.savez(f"{folder}/weights.npz", **named)
    sides = {f"{n}/{side}": batch[side] for n, batch in enumerate(batches) for side in (0, 1)}
    np.savez(f"{folder}/batches.npz", **sides)
    ask = partial(peer.ask, what="network", name=name, folder=str(folder), config=config)
    found = ask(arguments={"train": False})
    same = abs(found["loss"] - expected[0]) < 1e-4 and found["parameters"] == expected[1]
    if not same:
        raise AssertionError(f"not the same network: {expected} (loss, parameters), torch: {found}")
    return partial(ask, arguments={"train": True})
