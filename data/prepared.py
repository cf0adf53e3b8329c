"""Prepared sets on disk: whole, or prepared anew; one process prepares a set at a time."""

import contextlib
import json
import os
import pathlib
import shutil
import sys

from data import DataError
from data.messages import printable
from data.sources import LEFTOVER

LOCK = ".preparing.lock"
FRAME = 16  # bytes of a tfrecord that are not the example: its length and two checksums
PATIENCE = 2  # seconds of waiting for another process before it is said


def folder_of(cls, config, data_dir) -> pathlib.Path:
    """The folder of a set's (first) configuration, where tfds puts it."""
    configs = [c.name for c in cls.BUILDER_CONFIGS]
    parts = [config or configs[0]] if configs else []
    return pathlib.Path(data_dir, cls.name, *parts, str(cls.VERSION))


def damage(folder) -> str:
    """What is wrong with a prepared set: "" for nothing, also when there is none.

    The sizes of its files are compared with those that it was written with.
    """
    folder = pathlib.Path(folder)
    if not os.path.lexists(folder):
        return ""
    try:
        info = {path.name: json.loads(path.read_bytes()) for path in folder.glob("*.json")}
        for name in ("dataset_info.json", "features.json"):
            if name not in info:
                return f"it lacks {name}"
        info = info["dataset_info.json"]
        form = info.get("fileFormat", "tfrecord")
        for split in info.get("splits", ()) if form == "tfrecord" else ():
            counts = list(map(int, split.get("shardLengths", ())))
            files = list(folder.glob(f"{info['name']}-{split['name']}.{form}-*"))
            if len(files) != len(counts):
                return f"{split['name']} has {len(files)} of {len(counts)} files"
            size = sum(file.stat().st_size for file in files)
            expected = int(split.get("numBytes", 0)) + FRAME * sum(counts)
            if size != expected:
                return f"{split['name']} has {size:,} bytes instead of {expected:,}"
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return f"its description cannot be read ({error})"
    return ""


def prepare(cls, config, data_dir, **options):
    """A tfds builder of a set, which is prepared if it is not there yet, or is damaged.

    What killed preparations of the set left is removed.

    Raises: DataError when the folder cannot be written; then nothing of the set is left in it.
    """
    folder, data_dir = folder_of(cls, config, data_dir), pathlib.Path(data_dir)
    ready = folder.exists() and not damage(folder)
    if ready and not _leftovers(cls, data_dir):
        return cls(config=config, data_dir=str(data_dir))
    with _explained(cls, data_dir), _locked(data_dir / cls.name, wait=not ready) as held:
        if held:
            for path in _leftovers(cls, data_dir):
                shutil.rmtree(path, ignore_errors=True)
            if reason := damage(folder):
                print(
                    f"note: the prepared set {printable(folder)} is damaged ({reason}): it is "
                    "prepared anew",
                    file=sys.stderr,
                )
                shutil.rmtree(folder)
        made = cls(config=config, data_dir=str(data_dir))
        if not folder.exists():
            made.download_and_prepare(**options)
            if reason := damage(folder):
                shutil.rmtree(folder, ignore_errors=True)
                raise DataError(
                    f"the set {cls.name} was not written whole to {data_dir} ({reason}): is "
                    "its disk full or damaged?"
                )
    return made


def _leftovers(cls, data_dir):
    """Folders of killed preparations and downloads of a set."""
    places = (data_dir / cls.name, data_dir / "downloads" / cls.name)
    patterns = (f"{LEFTOVER}*", f"*/{LEFTOVER}*")
    return [path for place in places for pattern in patterns for path in place.glob(pattern)]


@contextlib.contextmanager
def _locked(folder, wait):
    """Whether the lock of a set is held; without `wait` it may be another process that has it."""
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE if wait else 0)
    except filelock.Timeout:
        if not wait:
            yield False
            return
        print(f"note: waiting for another process that prepares {folder.name}", file=sys.stderr)
        lock.acquire()
    try:
        yield True
    finally:
        lock.release()


@contextlib.contextmanager
def _explained(cls, data_dir):
    """Turns the errors of a disk that is full or cannot be written into a DataError."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if not (reason := _of_the_disk(error)):
            raise
        raise DataError(
            f"cannot prepare the set {cls.name} in {data_dir} ({reason}): make room there, or "
            "choose another folder by TFDS_DATA_DIR"
        ) from error


def _of_the_disk(error):
    """The reason that the system gave for an error or for what caused it; "" without one."""
    from tensorflow.errors import OpError

    while error:
        if isinstance(error, OSError):
            return error.strerror or str(error)
        if isinstance(error, OpError):
            return error.message.rpartition("; ")[2]
        error = error.__cause__ or error.__context__
    return ""
