"""Batches have every example once, in a reproducible order."""

import numpy as np
import pytest

from common.batches import Batch, Batches, pad
from common.config import BatchingConfig
from common.errors import UserError


def examples(count=203, seed=0):
    """Two aligned sides; an example's tokens are its own number, which identifies it."""
    lengths = np.random.default_rng(seed).integers(1, 30, [2, count])
    return [[[n + 1] * int(size) for n, size in enumerate(side)] for side in lengths]


def numbers_of(batches, epoch):
    return [list(batch.numbers) for batch in batches.order(epoch)]


CONFIGS = [
    BatchingConfig(batch_size=8),
    BatchingConfig(batch_size=8, bucket_batches=1),
    BatchingConfig("tokens", batch_size=100),
    BatchingConfig("tokens", batch_size=100, bucket_batches=1, pad_multiple=8),
    BatchingConfig("tokens", batch_size=1),
    BatchingConfig(batch_size=500),
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_every_example_once_an_epoch(config):
    columns = examples()
    batches = Batches(columns, config, seed=3)
    for epoch in (0, 1):
        seen = np.concatenate([batch.numbers for batch in batches.order(epoch)])
        assert sorted(seen) == list(range(len(columns[0])))
        assert min(len(batch.numbers) for batch in batches.order(epoch)) > 0
        assert {batch.epoch for batch in batches.order(epoch)} == {epoch}


@pytest.mark.parametrize("config", CONFIGS[:4], ids=str)
def test_the_order_depends_on_seed_and_epoch_alone(config):
    def order(seed, epoch):
        return numbers_of(Batches(examples(), config, seed), epoch)

    batches = Batches(examples(), config, seed=1)
    batches.order(7)  # earlier calls have no effect
    assert numbers_of(batches, 2) == order(1, 2)
    assert len({str(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4
    # Epochs differ in the members of batches too, not only in their order.
    assert {frozenset(b) for b in order(1, 0)} != {frozenset(b) for b in order(1, 1)}


@pytest.mark.parametrize("config", CONFIGS[:4], ids=str)
def test_arrays_hold_the_examples(config):
    columns = examples()
    batches = Batches(columns, config)
    for batch in batches.order(0):
        numbers, arrays = batch.numbers, batches.arrays(batch)
        for side, array in zip(columns, arrays, strict=True):
            assert array.dtype == np.int32 and array.shape[1] % config.pad_multiple == 0
            for number, row in zip(numbers, array, strict=True):
                size = len(side[number])
                assert list(row[:size]) == side[number] and not row[size:].any()
            assert array.shape[1] - max(len(side[n]) for n in numbers) < config.pad_multiple


@pytest.mark.parametrize("bucket_batches", [1, 50])
@pytest.mark.parametrize("multiple", [1, 8])
def test_the_token_budget_is_kept(bucket_batches, multiple):
    """The budget counts padding; only an example longer than the budget may exceed it, alone."""
    columns = examples()
    columns[1][5] = [6] * 150
    config = BatchingConfig("tokens", 100, bucket_batches, multiple)
    batches = Batches(columns, config)
    for batch in batches.order(0):
        tokens = max(array.size for array in batches.arrays(batch))
        assert tokens <= 100 or list(batch.numbers) == [5]


def test_token_batches_are_not_smaller_than_need_be():
    batches = Batches([[[1] * 10] * 100], BatchingConfig("tokens", batch_size=100))
    assert [len(numbers) for numbers in numbers_of(batches, 0)] == [10] * 10


@pytest.mark.parametrize("by, size", [("sentences", 8), ("tokens", 150)])
def test_bucketing_bounds_the_padding(by, size):
    def padding(bucket_batches):
        batches = Batches(examples(2000), BatchingConfig(by, size, bucket_batches))
        arrays = [array for batch in batches.order(0) for array in batches.arrays(batch)]
        return 1 - sum((a > 0).sum() for a in arrays) / sum(a.size for a in arrays)

    assert padding(50) < 0.3 < padding(1)
    side = [sequence for sequence in examples(2000)[0]]
    batches = Batches([side], BatchingConfig(by, size))
    arrays = [batches.arrays(batch)[0] for batch in batches.order(0)]
    assert 1 - sum((a > 0).sum() for a in arrays) / sum(a.size for a in arrays) < 0.05


def test_sorted_groups_come_in_mixed_order():
    batches = Batches(examples(2000), BatchingConfig(batch_size=8))
    longest = [max(a.shape[1] for a in batches.arrays(batch)) for batch in batches.order(0)]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3


def test_what_cannot_be_batched_is_refused():
    with pytest.raises(UserError, match="no examples"):
        Batches([[], []], BatchingConfig())
    for columns in ([[1], []], [[2], [3]]), ([[1], [2]], [[2], []]):
        with pytest.raises(UserError, match="empty on one side"):
            Batches(columns, BatchingConfig())


def test_arrays_depend_on_the_batch_alone():
    def resample(epoch, numbers):
        return [[[1 + epoch, 1 + int(n)] for n in numbers]]

    batches = Batches([[[1]] * 9], BatchingConfig(batch_size=4), resample=resample)
    first = batches.order(0)
    batches.order(1)  # called in between
    for batch in (*first, Batch(5, np.array([8]))):
        expected = [[1 + batch.epoch, 1 + n] for n in batch.numbers]
        np.testing.assert_array_equal(batches.arrays(batch)[0], expected)


def test_pad():
    np.testing.assert_array_equal(pad([[1, 2, 3], [4]]), [[1, 2, 3], [4, 0, 0]])
    assert pad([[1, 2, 3]], 8).shape == (1, 8)
    assert pad([[1] * 8], 8).shape == (1, 8)
    assert pad([[]]).shape == (1, 1)  # a time axis of length 0 would crash a recurrent layer
