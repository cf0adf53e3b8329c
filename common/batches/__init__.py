"""Training data as batches, reproducible: the same seed and epoch give the same batches.

`Batches` pads and buckets aligned sequences, `Streams` cuts one long text for truncated
back-propagation through time, `Rows` holds token sequences in a file instead of in memory. Both
batchers implement `BatchSource`, the interface of the training loop."""

from .bucketed import Batches, pad
from .source import Batch, BatchSource
from .streams import Streams
from .token_file import Rows, RowWriter, encode, store

__all__ = [
    "Batch",
    "BatchSource",
    "Batches",
    "RowWriter",
    "Rows",
    "Streams",
    "encode",
    "pad",
    "store",
]
