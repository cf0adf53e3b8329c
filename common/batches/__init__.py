"""Training data as batches: every source gives the same batches for the same seed and epoch.

`Batches` pads and buckets aligned sequences, `Streams` cuts one long text for truncated
back-propagation through time, `Rows` are token sequences in a file instead of in memory. Both
batchers are a `BatchSource`, the interface of the training loop."""

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
