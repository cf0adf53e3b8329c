"""Greedy search compared with numbers worked by hand, and with a beam of one."""

import math

import numpy as np
import pytest
import tensorflow as tf

from common.decoding import Beam, Greedy, beam_search, greedy_search
from common.text import BOS, EOS
from tests.common.decoding.step_functions import Model, assert_equal, log, strings, table_step


def test_greedy_by_hand():
    table = np.full([6, 6], 0.05)
    table[BOS, 4] = table[4, 5] = table[5, EOS] = 0.75
    result = greedy_search(table_step(log(table)), (), 1, 6)
    assert strings(result, 0) == [
        ((4, 5, EOS), pytest.approx(3 * math.log(0.75)), pytest.approx(3 * math.log(0.75)))
    ]


@pytest.mark.parametrize("options", [{}, {"min_length": 4}, {"no_repeat_ngram": 2}], ids=str)
def test_beam_of_one_is_greedy(options):
    for seed in range(3):
        step, state, _ = Model(seed).graph()
        limits = tf.constant([7, 12, 1, 12, 5])
        greedy = greedy_search(step, state, 5, limits, Greedy(**options))
        config = Beam(beam=1, length_penalty=0.0, **options)
        assert_equal(beam_search(step, state, 5, limits, config), greedy, exact=False)
