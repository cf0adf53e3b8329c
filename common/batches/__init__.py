"""Training data as batches: every source gives the same batches for the same seed and epoch.

`Batches` pads and buckets aligned sequences, `Streams` cuts one long text for truncated
back-propagation through time, `Rows` keeps token sequences in a file instead of in memory."""

from .bucketed import Batches, pad
from .streams import Streams
from .token_file import Rows, encode

__all__ = [
    "Batches",
    "Rows",
    "Streams",
    "encode",
    "pad",
]
