"""Freed memory stays with the process, so that its pages are not requested again."""

import os
import platform
import subprocess
import sys

import pytest

from common.system.allocator import OWN

PAGES = """
import ctypes, resource, sys
from common.system.allocator import keep_freed_memory
c, size = ctypes.CDLL(None), 2**26
c.malloc.restype, c.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
c.free.argtypes = [ctypes.c_void_p]
c.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    block = c.malloc(size)
    c.memset(block, 1, size)
    c.free(block)
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults / (size / resource.getpagesize()))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_a_freed_block_keeps_its_pages():
    def faults(**settings):
        command = [sys.executable, "-c", PAGES]
        given = {name: value for name, value in os.environ.items() if name not in OWN}
        return float(subprocess.check_output(command, env=given | settings, text=True))

    kept = faults()
    assert kept < 1.5
    assert faults(MALLOC_ARENA_MAX="2") < 1.5  # does not concern freed memory
    # Settings of the user are kept: each of the eight blocks is requested again.
    assert faults(MALLOC_MMAP_THRESHOLD_="1000000") > 4 * kept
