"""The memory table reports the memory of a layer."""

import sys

import pytest
import tensorflow as tf

from common.errors import UserError
from tests.benchmarks import memory as benchmark


def test_a_peak_shows_what_was_held():
    before = benchmark.resident("VmRSS")
    held = tf.random.normal([1000, 25_000])  # 100 MB
    assert benchmark.resident("VmHWM") - before > 80
    del held


@pytest.mark.parametrize("options", [["--shape", "8x0x4x4"], ["--cells", "lstn"]], ids=str)
def test_what_cannot_be_measured_is_refused(options, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["memory", *options])
    with pytest.raises(UserError, match="shape|lstn"):
        benchmark.main()
