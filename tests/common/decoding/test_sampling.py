"""Sampling: its frequencies, its seeds, and greedy search as its limit."""

import numpy as np
import tensorflow as tf

from common.decoding import Sampling, greedy_search, run_search, sample
from common.text import EOS
from tests.common.decoding.step_functions import Model, assert_equal, log, strings, table_step


def test_sampling_of_one_candidate_is_greedy():
    step, state, _ = Model(6).graph()
    greedy = greedy_search(step, state, 5, 10)
    for options in ({"top_k": 1}, {"top_p": 1e-6}, {"temperature": 0.0}):
        assert_equal(sample(step, state, 5, 10, Sampling((5, 6), **options)), greedy)


def test_seeds():
    step, state, _ = Model(6).graph()

    def draw(*seed, rows=5):
        step, state, _ = Model(6).graph(range(rows))
        return sample(step, state, rows, 12, Sampling(seed))

    assert_equal(draw(1, 2), draw(1, 2))
    assert (draw(1, 2).tokens.numpy() != draw(1, 3).tokens.numpy()).any()
    # A row does not change with the number of rows after it either.
    np.testing.assert_array_equal(draw(1, 2).tokens[:2], draw(1, 2, rows=2).tokens)


def test_one_number_is_a_seed():
    step, state, _ = Model(6).graph()
    one, two = (sample(step, state, 5, 12, Sampling(seed)) for seed in (7, (7, 0)))
    assert_equal(one, two)


def test_keys_make_rows_independent():
    def draw(rows, *keys, seed=3):
        step, state, _ = Model(6, eos_bias=-9.0).graph(rows)
        found = run_search(Sampling(seed, 2.0), step, state, len(rows), 12, keys=tf.constant(keys))
        return found.tokens.numpy()[:, 0].tolist()

    one, other, again = draw([0, 1, 0], "a", "b", "a")
    assert one == again and draw([1], "b") == [other]
    assert draw([0, 0], "a", "c") != [one, one]
    assert draw([0], "a", seed=4) != [one]
    assert draw([0, 0], "a", "a", seed=tf.constant([3, 4])) == [one, *draw([0], "a", seed=4)]


def test_a_string_may_continue_to_an_end():
    """A chain EOS -> 4 -> EOS -> 4 ..., entered at 4 or at the end."""
    table = np.full([5, 5], -50.0)
    table[4, EOS] = table[EOS, 4] = 0.0
    step, first = table_step(table), tf.constant([4, EOS])
    for ends, wanted in ((1, [1, 2]), (3, [5, 6]), (9, [7, 7])):
        found = sample(step, (), 2, 7, Sampling((1, 1)), first=first, ends=ends)
        assert found.lengths.numpy()[:, 0].tolist() == wanted
        np.testing.assert_allclose(found.log_probs, 0, atol=1e-6)
        assert strings(found, 0)[0][0] == (EOS, 4, EOS, 4, EOS, 4, EOS)[: wanted[0]]


def frequencies(probabilities, **options):
    table = np.tile(log(probabilities), [len(probabilities), 1])
    result = sample(table_step(table), (), 4000, 1, Sampling((8, 9), **options))
    counts = np.bincount(result.tokens.numpy().ravel(), minlength=len(probabilities))
    return counts / 4000


def test_sampling_frequencies():
    probabilities = np.array([0, 0.05, 0, 0.15, 0.3, 0.5])

    def agree(found, expected):
        expected = np.array(expected) / np.sum(expected)
        assert (found[expected == 0] == 0).all()
        some = expected > 0
        chi_square = 4000 * ((found - expected)[some] ** 2 / expected[some]).sum()
        assert chi_square < 16.3  # p = 0.001 at 3 degrees of freedom; the seed is fixed

    agree(frequencies(probabilities), probabilities)
    agree(frequencies(probabilities, temperature=tf.constant(0.5)), probabilities**2)
    agree(frequencies(probabilities, top_k=2), [0, 0, 0, 0, 0.3, 0.5])
    agree(frequencies(probabilities, top_p=0.79), [0, 0, 0, 0, 0.3, 0.5])
    agree(frequencies(probabilities, top_p=0.81), [0, 0, 0, 0.15, 0.3, 0.5])
    agree(frequencies(probabilities, top_p=0.4), [0, 0, 0, 0, 0, 1])
    agree(frequencies(probabilities, top_k=3, top_p=0.6), [0, 0, 0, 0, 0.3, 0.5])
