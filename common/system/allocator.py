"""Tuning of glibc's allocator: memory freed by a training step is reused by the next."""

import ctypes
import functools
import os

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # of mallopt(3)
LARGEST = 2**31 - 1
OWN = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")


@functools.cache
def keep_freed_memory():
    """Makes glibc keep freed memory; no effect with other C libraries or if a variable of OWN is
    set.

    By default glibc returns large blocks (32 MB, such as logits) to the system, which hands out
    fresh pages at the next step: 10,000 page faults, a tenth of the CPU time of a step of a
    language model. Peak memory hardly changes, but the process keeps its peak until it ends.
    """
    library = ctypes.CDLL(None) if os.name == "posix" else None
    if not hasattr(library, "gnu_get_libc_version") or any(name in os.environ for name in OWN):
        return
    for option, value in ((MMAP_THRESHOLD, LARGEST), (TRIM_THRESHOLD, LARGEST), (TOP_PAD, 2**26)):
        library.mallopt(option, value)
