"""Beam search compared with plain Python, brute force and numbers worked by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from common.decoding import Beam, beam_search, coverage_penalty, length_penalty
from common.decoding.top_k import top_k
from common.errors import UserError
from common.special_tokens import FORBIDDEN
from common.text import BOS, EOS
from tests.common.decoding.step_functions import Model, assert_same, log, strings, table_step
from tests.reference import beam_search_reference, brute_force_search

OPTIONS = [
    {},
    {"length_penalty": 0.0},
    {"length_penalty": 1.5, "n_best": 3},
    {"coverage_penalty": 0.4, "n_best": 3},
    {"min_length": 3, "n_best": 2},
    {"no_repeat_ngram": 1, "n_best": 2},
    {"no_repeat_ngram": 2, "length_penalty": 1.0},
    {"beam": 3, "coverage_penalty": 0.2, "min_length": 2, "no_repeat_ngram": 2, "n_best": 3},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equals_the_python_loop_with_any_stop(options):
    config = Beam(**{"beam": 4, **options})
    for seed in range(4):
        model = Model(seed, eos_bias=seed / 2)
        limits = np.array([9, 3, 6, 1, 8])
        step, state, mask = model.graph()
        search = tf.function(beam_search)
        result = search(step, state, 5, tf.constant(limits), config, source_mask=mask)
        step, state, mask = model.search()
        for early_stop in (True, False):
            expected = beam_search_reference(
                step, state, 5, limits, config, source_mask=mask, early_stop=early_stop
            )
            for row in range(5):
                assert_same(strings(result, row), expected[row])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_wide_beam_finds_what_brute_force_finds(options):
    config = Beam(**{**options, "beam": 100, "n_best": 5})
    model = Model(7, vocab=6, rows=2)
    step, state, mask = model.graph()
    result = beam_search(step, state, 2, 4, config, source_mask=mask)
    for row in range(2):
        step, state, mask = model.search([row])
        expected = brute_force_search(step, state, 4, config, source_mask=mask)
        assert_same(strings(result, row), expected[:5])


def test_ends_when_no_live_hypothesis_can_win():
    table = np.full([6, 6], 0.02)
    table[:, 4] = 0.9
    table[4] = 0.02
    table[4, EOS] = 0.9
    calls = []

    def step(tokens, state):
        calls.append(1)
        return table_step(log(table))(tokens, state)

    config = Beam(length_penalty=0.0)  # 0.81 for "4 eos" at the second step; the other has 0.02
    assert strings(beam_search(step, (), 2, 1000, config), 1)[0][0] == (4, EOS)
    assert len(calls) == 2


def test_fewer_strings_than_n_best_leave_empty_places():
    step = table_step(np.zeros([5, 5]))  # only unk, eos and 4 remain
    result = beam_search(step, (), 1, 1, Beam(beam=6, n_best=5))
    assert sorted(strings(result, 0)) == sorted(
        ((token,), pytest.approx(math.log(1 / 5)), pytest.approx(math.log(1 / 5)))
        for token in (1, 3, 4)
    )
    assert result.lengths.numpy().tolist() == [[1, 1, 1, 0, 0]]
    assert (result.scores[0, 3:].numpy() == FORBIDDEN).all()


def test_penalties_by_hand():
    np.testing.assert_allclose(length_penalty(tf.constant([1, 7, 13]), 1.0), [1.0, 2.0, 3.0])
    np.testing.assert_allclose(length_penalty(tf.constant([13]), 0.5), [math.sqrt(3)], rtol=1e-6)
    coverage = tf.constant([[0.5, 2.0, 0.25], [1.0, 1.0, 0.0]])
    mask = tf.constant([[True, True, True], [True, True, False]])
    expected = [0.2 * (math.log(0.5) + math.log(0.25)), 0.0]
    np.testing.assert_allclose(coverage_penalty(coverage, mask, 0.2), expected, rtol=1e-6)


def test_scores_by_hand():
    # "eos" at once: 0.4. "4 eos": 0.6 * 0.5 = 0.3; better only with a length penalty.
    table = np.zeros([6, 6])
    table[BOS, [EOS, 4]] = 0.4, 0.6
    table[4, [EOS, 5]] = 0.5, 0.5
    table[5, [EOS, 5]] = 0.5, 0.5
    step = table_step(log(table))
    for alpha, best in ((0.0, (EOS,)), (3.0, (4, EOS))):
        (found,) = strings(beam_search(step, (), 1, 2, Beam(3, alpha)), 0)
        assert found[0] == best
        assert found[2] == pytest.approx(math.log(0.4 if alpha == 0 else 0.3), rel=1e-5)
        assert found[1] == pytest.approx(found[2] / ((5 + len(best)) / 6) ** alpha, rel=1e-5)


def test_coverage_changes_the_winner():
    # Token 4 (0.6) attends to source 0 alone, token 5 (0.4) to both evenly; then eos at once.
    table = np.zeros([6, 6])
    table[BOS, [4, 5]] = 0.6, 0.4
    table[4:, EOS] = 1.0
    attention = tf.constant([[0.5, 0.5]] * 4 + [[1.0, 0.0], [0.5, 0.5]], tf.float32)

    def step(tokens, state):
        return table_step(log(table))(tokens, state)[0], {"attention": tf.gather(attention, tokens)}

    state = {"attention": tf.zeros([1, 2])}
    # Steps read bos, then 4 or 5: coverage (1.5, 0.5) or (1, 1).
    for beta, best, penalty in ((0.0, 4, 0.0), (0.5, 4, 0.5 * math.log(0.5)), (0.7, 5, 0.0)):
        result = beam_search(step, state, 1, 5, Beam(2, 0.0, coverage_penalty=beta))
        (found,) = strings(result, 0)
        assert found[0] == (best, EOS)
        expected = math.log(0.6 if best == 4 else 0.4) + penalty
        assert found[1] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(UserError, match="coverage_penalty"):
        beam_search(step, (), 1, 5, Beam(coverage_penalty=0.1))


def test_a_finished_hypothesis_never_changes():
    # eos at once has 0.9: no longer hypothesis may change or displace it.
    table = np.full([6, 6], 0.05 / 3)
    table[:, EOS] = 0.9
    table[4, [EOS, 5]] = 0.1, 0.8  # other beams that stay alive
    step = table_step(log(table))
    config = Beam(beam=4, length_penalty=0.0, n_best=4)
    first = strings(beam_search(step, (), 1, 2, config), 0)[0]
    for max_length in (3, 5, 20):
        assert strings(beam_search(step, (), 1, max_length, config), 0)[0] == first
    assert first[0] == (EOS,)


def test_n_best_is_ordered_distinct_and_nested():
    step, state, _ = Model(5).graph()
    many = beam_search(step, state, 5, 10, Beam(n_best=5))
    one = beam_search(step, state, 5, 10, Beam(n_best=1))
    for row in range(5):
        found = strings(many, row)
        assert len({string for string, _, _ in found}) == 5
        assert [value for _, value, _ in found] == sorted((f[1] for f in found), reverse=True)
        assert_same(strings(one, row), found[:1])


def test_equal_scores_give_the_lower_token():
    step = table_step(np.zeros([300, 300]))
    result = beam_search(step, (), 2, 2, Beam(beam=3, length_penalty=0.0, n_best=3))
    for row in range(2):  # eos alone comes first; then unk with its lowest successors
        assert [f[0] for f in strings(result, row)] == [(EOS,), (1, 1), (1, EOS)]


def test_top_k_equals_tensorflow_also_for_ties():
    random = np.random.default_rng(0)
    for size in (10, 128 * 30, 128 * 60 + 37):
        for levels in (3, 1000, 4000, 10**6):
            values = tf.constant(random.integers(0, levels, [3, size]), tf.float32)
            values = tf.where(values == 0, float("-inf"), values)
            for a, b in zip(top_k(values, 7), tf.math.top_k(values, 7), strict=True):
                np.testing.assert_array_equal(a, b)
    nothing = tf.fill([2, 128 * 60 + 37], float("-inf"))
    assert top_k(nothing, 7)[1].numpy().tolist() == [list(range(7))] * 2


def test_float16_logits():
    step, state, _ = Model(2).graph(dtype=tf.float16)
    full, _, _ = Model(2).graph()
    half = beam_search(step, state, 5, 6, Beam())
    assert half.scores.dtype == tf.float32
    scores = beam_search(full, state, 5, 6, Beam()).scores
    np.testing.assert_allclose(half.scores, scores, atol=0.02)


def test_export_trip(tmp_path):
    class Decoder(tf.Module):
        def __init__(self):
            super().__init__()
            table = np.random.default_rng(0).normal(size=[7, 7])
            self.table = tf.Variable(table, dtype=tf.float32)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
        def decode(self, limits):
            def step(tokens, state):
                return tf.gather(self.table, tokens), state + 1

            batch = tf.shape(limits)[0]
            return beam_search(step, tf.zeros([batch, 1]), batch, limits, Beam(n_best=2))._asdict()

    module = Decoder()
    limits = tf.constant([4, 9, 2])
    expected = module.decode(limits)
    tf.saved_model.save(module, str(tmp_path), signatures=module.decode)
    loaded = tf.saved_model.load(str(tmp_path))
    for answer in (loaded.decode(limits), loaded.signatures["serving_default"](limits)):
        for name, tensor in expected.items():
            np.testing.assert_array_equal(answer[name], tensor)
