"""The C library's memory: what one training step frees, the next one gets."""

import ctypes
import functools
import os

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # of mallopt(3)
LARGEST = 2**31 - 1
OWN = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")


@functools.cache
def keep_freed_memory():
    """Lets glibc keep what is freed; of another C library, or where one of OWN is set, nothing.

    It hands blocks of 32 MB, such as logits, back to the system, which gives out fresh pages at
    the next step: 10,000 page faults, a tenth of the processor's time in a step of a language
    model. The peak of memory hardly changes, but what was needed once stays with the process.
    """
    library = ctypes.CDLL(None) if os.name == "posix" else None
    if not hasattr(library, "gnu_get_libc_version") or any(name in os.environ for name in OWN):
        return
    for option, value in ((MMAP_THRESHOLD, LARGEST), (TRIM_THRESHOLD, LARGEST), (TOP_PAD, 2**26)):
        library.mallopt(option, value)
