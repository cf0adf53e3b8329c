"""Reader for PyTorch weight files of the old format (before 1.6), without PyTorch.

The file is five pickles (magic number, protocol, system information, the ordered dictionary of
tensors, the list of storage keys), then for each key an int64 count and the raw values. Only
tensors are unpickled: any other name in the file is an error, so the file cannot run code.
"""

import pickle
from collections import OrderedDict

import numpy as np

from ..errors import UserError

MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


def read_tensors(path) -> dict[str, np.ndarray]:
    """Reads all tensors of a file.

    Returns:
        name -> array, in the order of the file.

    Raises:
        UserError: the file is damaged or of another format.
    """
    storages = {}

    class Tensors(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) == ("collections", "OrderedDict"):
                return OrderedDict
            if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
                return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
            if module == "torch" and name in STORAGES:
                return name
            raise pickle.UnpicklingError(f"{module}.{name} is not a tensor")

        def persistent_load(self, found):
            _, kind, key, _, count, *_ = found
            storages[key] = (STORAGES[kind], count)
            return key

    try:
        with open(path, "rb") as file:
            if Tensors(file).load() != MAGIC:
                raise pickle.UnpicklingError("another format")
            Tensors(file).load()  # protocol
            Tensors(file).load()  # system information
            layout = Tensors(file).load()
            values = {}
            for key in Tensors(file).load():
                kind, count = storages[key]
                if int.from_bytes(file.read(8), "little") != count:
                    raise pickle.UnpicklingError("the storage lengths do not match")
                raw = file.read(count * np.dtype(kind).itemsize)
                values[key] = np.frombuffer(raw, kind, count)
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is not a PyTorch weights file of the old format ({error}): install its "
            "package again"
        ) from None
    return {name: _view(values[key], *rest) for name, (key, *rest) in layout.items()}


def _view(values, offset, size, stride):
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if (
        offset < 0
        or min((*size, *stride), default=1) < 0
        or (last >= len(values) and 0 not in size)
    ):
        raise UserError(
            "a PyTorch weights file is damaged, a tensor lies outside of its storage: install its "
            "package again"
        )
    strides = [step * values.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(values[offset:], size, strides).copy()
