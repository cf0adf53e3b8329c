"""A batch descriptor determines the arrays of every batch source."""

import numpy as np
import pytest

from common.batches import Batches, Streams
from common.config import BatchingConfig

ROWS = [[n, n + 1] for n in range(1, 30)]
SOURCES = {
    "bucketed": lambda: Batches([ROWS], BatchingConfig(batch_size=4), seed=2),
    "resampled": lambda: Batches(
        [ROWS],
        BatchingConfig(batch_size=4),
        resample=lambda epoch, numbers: [[ROWS[n][:1] + [epoch + 1] for n in numbers]],
    ),
    "streams": lambda: Streams(np.arange(1, 300), 2, 20, vary=True),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_batch_needs_no_memory_of_its_epoch(name):
    source, other = SOURCES[name](), SOURCES[name]()
    for epoch in (1, 0):
        batches = source.order(epoch)
        assert {batch.epoch for batch in batches} == {epoch}
        other.order(7)
        for batch in batches:
            expected = source.arrays(batch)
            for array, spec, same in zip(
                expected, source.signature, other.arrays(batch), strict=True
            ):
                assert spec.dtype == array.dtype and spec.shape.is_compatible_with(array.shape)
                np.testing.assert_array_equal(array, same)
            assert source.rate_scale(batch) > 0
