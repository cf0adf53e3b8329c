"""Checkpoints: one .npz file each, without pickle, written atomically.

Arrays are named by their position in the model and their shapes are checked on loading, so a file
of another model is refused. The checksums of zip detect truncation and damage.
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
from ..files import atomic, clear_leftovers

META = "meta.npy"


class Damaged(UserError):
    """A damaged checkpoint."""


def save(path, variables, meta):
    """Writes a checkpoint atomically.

    Args:
        path: of the file; its folder is made if necessary.
        variables: name -> array.
        meta: a JSON object.

    Raises:
        UserError: the file cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path, "wb") as file:
        np.savez(file, **variables, meta=np.array(json.dumps(meta)))


def load(path):
    """Reads a checkpoint.

    Returns:
        (variables, meta), as in `save`.

    Raises:
        Damaged: the file is damaged or is not a checkpoint.
        UserError: the file is missing or cannot be read.
    """
    with _damage_told(path), zipfile.ZipFile(path) as file:
        meta = _meta(file)
        variables = {}
        for info in file.infolist():
            if info.filename == META:
                continue
            array = _read(file, info)
            known = re.fullmatch(r"[a-z]+/\d{3}(/\w+)?\.npy", info.filename)
            if not known or array.dtype.kind not in "biuf":
                raise ValueError(f"it holds {info.filename!r} of type {array.dtype}")
            variables[info.filename.removesuffix(".npy")] = array
        return variables, meta


@contextlib.contextmanager
def _damage_told(path):
    """Whatever zip, NumPy and JSON raise for flipped bits becomes `Damaged`."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"there is no checkpoint {path}: train the run first") from None
    except PermissionError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except Exception as error:
        raise Damaged(f"the checkpoint {path} is damaged ({type(error).__name__})") from None


def _meta(file):
    meta = json.loads(str(_read(file, file.getinfo(META))))
    if not isinstance(meta, dict):
        raise ValueError("its metadata is not a JSON object")
    return meta


def _read(file, info):
    """Reads an array of a zip file; a size that differs from its header is refused before memory
    is allocated."""
    with file.open(info) as member:
        version = np.lib.format.read_magic(member)
        header = getattr(np.lib.format, f"read_array_header_{version[0]}_{version[1]}")
        shape, fortran, dtype = header(member)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or min(shape, default=0) < 0:
            raise ValueError(f"{info.filename} is not a plain array")
        if info.file_size - member.tell() != size:
            raise ValueError(f"{info.filename} has another size than its header states")
        content = member.read()  # to the end, where zip verifies the checksum
        return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


def facts(path) -> dict:
    """The metadata of a checkpoint, without its arrays.

    Raises:
        UserError: there is no checkpoint, or it is damaged.
    """
    with _damage_told(path), zipfile.ZipFile(path) as file:
        return _meta(file)


def values(prefix, variables):
    """The arrays of Keras or TensorFlow variables, named by their order: `prefix/003/kernel`."""
    names = (getattr(v, "path", v.name).split("/")[-1].split(":")[0] for v in variables)
    return {
        f"{prefix}/{n:03d}/{name}": v.numpy()
        for n, (v, name) in enumerate(zip(variables, names, strict=True))
    }


def assign(prefix, variables, stored):
    """Assigns stored arrays to variables, the inverse of `values`.

    Args:
        prefix: of the names.
        variables: Keras or TensorFlow variables.
        stored: name -> array; names with other prefixes are ignored.

    Raises:
        UserError: the number of arrays or a shape does not match.
    """
    found = {
        name.split("/")[1]: value for name, value in stored.items() if name.startswith(prefix + "/")
    }
    if len(found) != len(variables):
        raise UserError(
            f"the checkpoint has {len(found)} {prefix} arrays, not {len(variables)}: is "
            "config.json that of another run?"
        )
    for number, variable in enumerate(variables):
        value = found[f"{number:03d}"]
        if value.shape != tuple(variable.shape):
            raise UserError(
                f"the checkpoint's {prefix} array {number} has shape {value.shape}, "
                f"the model's {tuple(variable.shape)}: is config.json, or the tokenizer next to "
                "it, that of another run?"
            )
        variable.assign(value)


def best_weights(run, model, *, without_cudnn=False):
    """Loads the best weights of a run into a freshly built model.

    Args:
        run: the `Run`.
        model: a built Keras model.
        without_cudnn: disable cuDNN, for an export whose graph must also run without a GPU.

    Returns:
        A dict with the "step" and "scores" of these weights.

    Raises:
        UserError: there are no weights, or they do not fit the model.
    """
    path = run.checkpoints / "best.npz"
    stored, meta = load(path)
    if type(meta.get("step")) is not int or not isinstance(meta.get("scores"), dict):
        raise Damaged(f"the checkpoint {path} is damaged (it lacks its step and scores)")
    for name, array in stored.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(f"{path}: {name} has weights that are not finite; train the run again")
    assign("model", model.variables, stored)
    if without_cudnn:
        from ..keras_internals import all_layers  # here, as checkpoints are read without TensorFlow

        for layer in all_layers(model):
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
    return meta


class Rotation:
    """The newest checkpoints `last-STEP.npz` of a folder; older checkpoints are removed.

    Args:
        folder: of the checkpoints.
        keep: number of checkpoints to keep.
        owned: whether this process may write; with `owned=False` the folder is only read.
    """

    def __init__(self, folder, keep=2, owned=True):
        self.folder, self.keep, self.owned = Path(folder), keep, owned
        if owned:
            clear_leftovers(self.folder)

    def paths(self):
        """The paths of the checkpoints, newest first."""
        found = {}
        for path in self.folder.glob("last-*.npz"):
            if match := re.fullmatch(r"last-(\d+)", path.stem):
                found[int(match[1])] = path
        return [found[step] for step in sorted(found, reverse=True)]

    def save(self, step, variables, meta):
        """Writes the checkpoint of a step and removes old checkpoints."""
        save(self.folder / f"last-{step:08d}.npz", variables, meta)
        for path in self.paths()[self.keep :]:
            with contextlib.suppress(OSError):
                path.unlink()

    def load(self):
        """Reads the newest intact checkpoint.

        Damaged checkpoints are reported, renamed to `.damaged` and skipped.

        Returns:
            (variables, meta), or None if the folder has no checkpoint.

        Raises:
            UserError: all checkpoints are damaged; a restart from scratch would overwrite the run.
        """
        damaged = []
        for path in self.paths():
            try:
                found = load(path)
            except Damaged as error:
                damaged.append((path, error))
                continue
            for other, error in damaged:
                print(f"warning: {error}; falling back to the previous one", file=sys.stderr)
                if self.owned:
                    other.rename(other.with_suffix(".damaged"))
            return found
        if damaged:
            reasons = "; ".join(str(error) for _, error in damaged)
            raise UserError(
                f"{reasons}. No intact checkpoint is left: remove them to train from the start, or "
                "choose another --run-dir"
            )
        return None
