"""The stages of a train command."""

from dataclasses import dataclass, field

import keras
import numpy as np
import pytest

from common.commands import Training
from common.config import TrainingConfig


class FakeRun:
    """A run that keeps no data."""

    chief = True

    def check_data(self, **parts):
        assert set(parts) == {"training", "validation"}


@dataclass(frozen=True)
class Config:
    data: str = "set"
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = 3


def stages(validate_on=0):
    config = Config(training=TrainingConfig(validate_on=validate_on))
    return Training(config, run=FakeRun(), strategy=None, max_steps=None)


@pytest.mark.parametrize("drawn", [0, 5])
def test_random_numbers_of_the_data_change_nothing(drawn):
    def read(data, split):
        np.random.rand(drawn), keras.random.uniform([drawn])
        return [data, split]

    examples, held_out = stages().read(read)
    assert examples == ["set", "train"] and held_out == ["set", "validation"]
    found = float(keras.random.uniform([])), float(np.random.rand())
    keras.utils.set_random_seed(3)
    assert found == (float(keras.random.uniform([])), float(np.random.rand()))


@pytest.mark.parametrize("validate_on, kept", [(0, 10), (3, 3), (99, 10)])
def test_a_few_validation_examples_are_checked(validate_on, kept):
    training = stages(validate_on)

    def read(data, split):
        return list(range(10))

    examples, held_out = training.read(read)
    assert len(examples) == 10 and len(held_out) == kept
    assert len(training.read(read, whole=True)[1]) == 10


def test_sizes_are_reported(capsys):
    class Sized:
        def order(self, epoch):
            return range(1200)

        def count_params(self):
            return 34567

    stages().report("9 pairs", Sized(), Sized(), "5 words")
    stages().report("9 pieces", Sized(), Sized())
    assert capsys.readouterr().out.splitlines() == [
        "9 pairs, 1,200 batches; 34,567 parameters, 5 words",
        "9 pieces, 1,200 batches; 34,567 parameters",
    ]
