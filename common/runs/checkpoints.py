"""Checkpoints: one .npz file each, without pickle, whole or not there.

Arrays are named by their place in the model and their shape is checked on loading, so a file of
another model is refused. zip's checksums find truncation and damage.
"""

import contextlib
import json
import math
import re
import sys
import zipfile
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..files import atomic


class Damaged(UserError):
    """A checkpoint that is not whole."""


def save(path, variables, meta):
    """Writes `variables` (name -> array) and `meta` (JSON)."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path, "wb") as file:
        np.savez(file, **variables, meta=np.array(json.dumps(meta)))


def load(path):
    """(variables, meta); raises `Damaged` for a file that is not whole or not such a file."""
    try:
        with zipfile.ZipFile(path) as file:
            arrays = {info.filename: _read(file, info) for info in file.infolist()}
        meta = json.loads(str(arrays.pop("meta.npy")))
        if not isinstance(meta, dict):
            raise ValueError("its facts are no JSON object")
        variables = {}
        for name, array in arrays.items():
            known = re.fullmatch(r"[a-z]+/\d{3}(/\w+)?\.npy", name)
            if not known or array.dtype.kind not in "biuf":
                raise ValueError(f"it holds {name!r} of type {array.dtype}")
            variables[name.removesuffix(".npy")] = array
        return variables, meta
    except FileNotFoundError:
        raise UserError(f"there is no checkpoint {path}: train the run first") from None
    except PermissionError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except Exception as error:  # whatever zip, NumPy and JSON make of flipped bits
        raise Damaged(f"the checkpoint {path} is damaged ({type(error).__name__})") from None


def _read(file, info):
    """An array of a zip file, refused before its memory is asked for when its size is not that of
    its header."""
    with file.open(info) as member:
        version = np.lib.format.read_magic(member)
        header = getattr(np.lib.format, f"read_array_header_{version[0]}_{version[1]}")
        shape, fortran, dtype = header(member)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or min(shape, default=0) < 0:
            raise ValueError(f"{info.filename} is no plain array")
        if info.file_size - member.tell() != size:
            raise ValueError(f"{info.filename} is of another size than it says")
        content = member.read()  # to the end, where zip checks its sum
        return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


def values(prefix, variables):
    """`{prefix/003/kernel: array}` of Keras or TensorFlow variables, in their order."""
    names = (getattr(v, "path", v.name).split("/")[-1].split(":")[0] for v in variables)
    return {
        f"{prefix}/{n:03d}/{name}": v.numpy()
        for n, (v, name) in enumerate(zip(variables, names, strict=True))
    }


def assign(prefix, variables, stored):
    """Gives the stored values back to the variables."""
    found = {
        name.split("/")[1]: value for name, value in stored.items() if name.startswith(prefix + "/")
    }
    if len(found) != len(variables):
        raise UserError(f"the checkpoint has {len(found)} {prefix} arrays, not {len(variables)}")
    for number, variable in enumerate(variables):
        value = found[f"{number:03d}"]
        if value.shape != tuple(variable.shape):
            raise UserError(
                f"the checkpoint's {prefix} array {number} has shape {value.shape}, "
                f"the model's {tuple(variable.shape)}: is config.json, or the tokenizer beside it, "
                "of another run?"
            )
        variable.assign(value)


def best_weights(run, model, *, without_cudnn=False):
    """Gives a freshly built model the run's best weights; returns what is known about them.

    Args:
        without_cudnn: for an export, whose graph must also run where there is no GPU.

    Returns:
        a dict with "step" and "scores".
    """
    stored, meta = load(run.checkpoints / "best.npz")
    assign("model", model.variables, stored)
    if without_cudnn:
        from ..keras_internals import all_layers  # here: reading checkpoints needs no TensorFlow

        for layer in all_layers(model):
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
    return meta


class Rotation:
    """The newest checkpoints `last-STEP.npz` of a folder; older ones are removed.

    Who has not `owned` the folder only reads it.
    """

    def __init__(self, folder, keep=2, owned=True):
        self.folder, self.keep, self.owned = Path(folder), keep, owned
        for part in self.folder.glob(".*.tmp") if owned else ():
            part.unlink()  # of a process that was killed while writing

    def paths(self):
        """Newest first."""
        found = {}
        for path in self.folder.glob("last-*.npz"):
            if match := re.fullmatch(r"last-(\d+)", path.stem):
                found[int(match[1])] = path
        return [found[step] for step in sorted(found, reverse=True)]

    def save(self, step, variables, meta):
        save(self.folder / f"last-{step:08d}.npz", variables, meta)
        for path in self.paths()[self.keep :]:
            with contextlib.suppress(OSError):
                path.unlink()

    def load(self):
        """The newest sound checkpoint, or None where there is none.

        Damaged ones are named and passed over; that all are is a UserError, since a training that
        began anew would throw away what else the run has.
        """
        damaged = []
        for path in self.paths():
            try:
                found = load(path)
            except Damaged as error:
                damaged.append((path, error))
                continue
            for other, error in damaged:
                print(f"warning: {error}; going back to the one before", file=sys.stderr)
                if self.owned:
                    other.rename(other.with_suffix(".damaged"))
            return found
        if damaged:
            reasons = "; ".join(str(error) for _, error in damaged)
            raise UserError(
                f"{reasons}. No sound one is left: remove them to train from the start, or choose "
                "another --run-dir"
            )
        return None
