"""On-disk cache of equally shaped arrays by key, such as picture features."""

import contextlib
import os
from pathlib import Path

import filelock
import numpy as np

from ..errors import UserError

CHUNK = 64  # pictures


class ArrayStore:
    """A file of rows and a file of their keys; rows are appended, never changed.

    A row is valid once its key is in `keys.txt`, so a process killed while writing leaves the store
    consistent. The file is memory-mapped for reading: after the first epoch rows come from the
    system's cache. Several processes may share a store.

    Args:
        folder: of the files.
        shape: of each array.
        dtype: of the arrays.

    Raises:
        UserError: the folder cannot be written.
    """

    def __init__(self, folder, shape, dtype):
        self.folder, self.shape, self.dtype = Path(folder), tuple(shape), np.dtype(dtype)
        self.row_bytes = int(np.prod(self.shape)) * self.dtype.itemsize
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write into {self.folder}: {error.strerror}") from None

    def rows(self, keys, make, tell=lambda done, total: None):
        """Looks up rows by key and computes the missing rows.

        Args:
            keys: list of strings.
            make: (list of positions in `keys`) -> list of arrays `[*shape]`, None for what cannot
                be computed; called for the missing rows, a chunk at a time.
            tell: called with the numbers of rows computed and to compute in total.

        Returns:
            int64, the row index of each key; -1 for an empty key and where `make` gave None.

        Raises:
            UserError: the store is damaged or cannot be written.
        """
        # Locked, so that two simultaneous trainings compute each row only once.
        with filelock.FileLock(self.folder / "store.lock"):
            known = self._known()
            missing = [n for n, key in enumerate(keys) if key and key not in known]
            missing = sorted({keys[n]: n for n in reversed(missing)}.values())
            for start in range(0, len(missing), CHUNK):
                part = missing[start : start + CHUNK]
                made = {keys[n]: a for n, a in zip(part, make(part), strict=True) if a is not None}
                if made:
                    self._append(len(known), np.stack(list(made.values())), list(made))
                for key in made:
                    known[key] = len(known)
                tell(start + len(part), len(missing))
        return np.array([known.get(key, -1) for key in keys], np.int64)

    def array(self):
        """All rows `[rows, *shape]`, memory-mapped."""
        count = len(self._known())
        if not count:
            return np.zeros((0, *self.shape), self.dtype)
        return np.memmap(self.folder / "rows.bin", self.dtype, "r", shape=(count, *self.shape))

    def _known(self):
        with contextlib.suppress(FileNotFoundError):
            text = (self.folder / "keys.txt").read_text()
            keys = text[: text.rfind("\n") + 1].split()  # an incomplete last line is no key
            size = (self.folder / "rows.bin").stat().st_size
            if size < len(keys) * self.row_bytes:
                raise UserError(f"the cache {self.folder} is damaged: remove this folder")
            return {key: n for n, key in enumerate(keys)}
        return {}

    def _append(self, count, arrays, keys):
        arrays = np.ascontiguousarray(arrays, self.dtype)
        if arrays.shape != (len(keys), *self.shape):
            raise ValueError(f"rows of shape {arrays.shape}, not {(len(keys), *self.shape)}")
        try:
            with open(self.folder / "rows.bin", "ab") as file:
                file.truncate(count * self.row_bytes)  # rows without a key, of a killed process
                file.seek(0, os.SEEK_END)
                file.write(arrays.tobytes())
            path = self.folder / "keys.txt"
            whole = path.read_bytes() if path.exists() else b""
            with open(path, "ab") as file:
                file.truncate(whole.rfind(b"\n") + 1)
                file.write("".join(f"{key}\n" for key in keys).encode())
        except OSError as error:
            raise UserError(f"cannot write into {self.folder}: {error.strerror}") from None
