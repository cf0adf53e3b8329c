"""Properties of every search: constraints, limits, independent rows, settings."""

import numpy as np
import pytest
import tensorflow as tf

from common.decoding import (
    Beam,
    Greedy,
    Sampling,
    beam_search,
    greedy_search,
    run_search,
    sample,
)
from common.errors import UserError
from common.searches import record
from common.special_tokens import FORBIDDEN
from common.text import BOS, EOS, PAD
from tests.common.decoding.step_functions import (
    Model,
    assert_equal,
    assert_same,
    log,
    strings,
    table_step,
)


@pytest.mark.parametrize("decode", ["beam", "greedy"])
def test_a_row_does_not_depend_on_its_neighbours(decode):
    config = Beam(coverage_penalty=0.3, n_best=2, no_repeat_ngram=3)
    limits = np.array([3, 20, 8, 15, 1], np.int32)
    model = Model(11, eos_bias=1.0)

    def run(rows):
        step, state, mask = model.graph(rows)
        length = tf.constant(limits[list(rows)])
        if decode == "greedy":
            return greedy_search(step, state, len(rows), length)
        return beam_search(step, state, len(rows), length, config, source_mask=mask)

    together = run(range(5))
    for row in range(5):
        assert_same(strings(run([row]), 0), strings(together, row))


def test_limits_of_rows():
    table = np.full([6, 6], 1.0)
    table[:, EOS] = 1e-6
    step = table_step(log(table / table.sum(-1, keepdims=True)))
    limits = tf.constant([4, 0, 2, 1])
    for result in (
        beam_search(step, (), 4, limits, Beam()),
        greedy_search(step, (), 4, limits),
        sample(step, (), 4, limits, Sampling((1, 2))),
    ):
        assert result.lengths.numpy()[:, 0].tolist() == [4, 0, 2, 1]
        assert result.tokens.shape == (4, 1, 4)
        assert EOS not in result.tokens.numpy()
        assert result.scores.numpy()[1, 0] == FORBIDDEN < result.scores.numpy()[0, 0]


def test_minimum_length_and_repeats():
    model = Model(3, vocab=9, eos_bias=4.0)
    step, state, _ = model.graph()
    for n in (1, 2, 3):
        results = [
            beam_search(step, state, 5, 12, Beam(min_length=5, no_repeat_ngram=n, n_best=4)),
            greedy_search(step, state, 5, 12, Greedy(min_length=5, no_repeat_ngram=n)),
            sample(step, state, 5, 12, Sampling((0, n), min_length=5, no_repeat_ngram=n)),
        ]
        for result in results:
            for row in range(5):
                for string, _, _ in strings(result, row):
                    assert len(string) >= 6
                    ngrams = [string[i : i + n] for i in range(len(string) - n + 1)]
                    assert len(ngrams) == len(set(ngrams))


def test_minimum_length_yields_if_nothing_is_left():
    step = table_step(np.zeros([5, 5]))  # unk and 4 once each, then only eos remains
    for result in (
        beam_search(step, (), 1, 9, Beam(min_length=8, no_repeat_ngram=1)),
        greedy_search(step, (), 1, 9, Greedy(min_length=8, no_repeat_ngram=1)),
    ):
        assert strings(result, 0)[0][0] == (1, 4, EOS)


def test_padding_and_beginning_are_never_produced():
    table = np.zeros([6, 6])
    table[:, [PAD, BOS]] = 9.0
    table[:, EOS] = -9.0
    step = table_step(table)
    for result in (
        beam_search(step, (), 3, 8, Beam(n_best=3)),
        greedy_search(step, (), 3, 8),
        sample(step, (), 3, 8, Sampling((3, 4))),
        sample(step, (), 3, 8, Sampling((3, 4), top_k=2)),
    ):
        for row in range(3):
            for string, _, _ in strings(result, row):
                assert not {PAD, BOS} & set(string)


def test_impossible_tokens_make_no_nan():
    table = np.full([6, 6], -np.inf)
    table[:, 4] = 0.0
    for result in (
        beam_search(table_step(table), (), 1, 3, Beam(n_best=3)),
        greedy_search(table_step(table), (), 1, 3),
        sample(table_step(table), (), 1, 3, Sampling((1, 1), temperature=0.0, top_p=0.9)),
    ):
        assert strings(result, 0) == [((4, 4, 4), 0.0, 0.0)]
        assert not np.isnan(result.scores).any()


def test_eager_equals_graph_with_unknown_shapes():
    model = Model(4)
    config = Beam(n_best=2, no_repeat_ngram=2)
    weights = tf.constant(model.output[:6], tf.float32)
    embedding = tf.constant(model.embedding, tf.float32)

    def step(tokens, state):
        h = tf.tanh(tf.gather(embedding, tokens) + 0.5 * state[0])
        return h @ weights, (h,)

    def run(initial, limits, seed):
        batch = tf.shape(initial)[0]
        return (
            beam_search(step, (initial,), batch, limits, config),
            greedy_search(step, (initial,), batch, limits),
            sample(step, (initial,), batch, limits, Sampling(seed, top_k=4, top_p=0.9)),
        )

    graph = tf.function(
        run,
        input_signature=[
            tf.TensorSpec([None, None], tf.float32),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([2], tf.int32),
        ],
    )
    initial = tf.constant(model.initial, tf.float32)
    limits, seed = tf.constant([5, 7, 2, 9, 1]), tf.constant([1, 2])
    for a, b in zip(run(initial, limits, seed), graph(initial, limits, seed), strict=True):
        assert_equal(a._replace(tokens=b.tokens), b, exact=False)
        np.testing.assert_array_equal(a.tokens, b.tokens)
    for result in graph(initial[:0], limits[:0], seed):
        assert result.lengths.shape[0] == result.tokens.shape[0] == 0


def test_wrong_settings_are_named():
    for options in ({"beam": 0}, {"n_best": 6}, {"n_best": 0}, {"length_penalty": -1.0}):
        with pytest.raises(UserError, match=next(iter(options))):
            Beam(**options)
    for options in ({"min_length": -1}, {"no_repeat_ngram": -1}):
        with pytest.raises(UserError, match=next(iter(options))):
            Greedy(**options)
    for options in (
        {"temperature": -1},
        {"temperature": np.nan},
        {"top_k": -1},
        {"top_p": 0},
        {"top_p": 1.1},
    ):
        with pytest.raises(UserError, match=next(iter(options))):
            Sampling(0, **options)


def test_the_settings_choose_the_search():
    model = Model(3, eos_bias=1.0)
    step, state, mask = model.graph()
    limits = tf.constant([9, 3, 6, 1, 8])
    beam = Beam(beam=3, coverage_penalty=0.4, n_best=2)
    assert_equal(
        run_search(beam, step, state, 5, limits, source_mask=mask),
        beam_search(step, state, 5, limits, beam, source_mask=mask),
    )
    greedy, sampling = Greedy(min_length=3), Sampling((1, 2), temperature=2.0, top_k=5)
    first = tf.constant([4, 5, 6, 7, 4])
    assert_equal(
        run_search(greedy, step, state, 5, limits, source_mask=mask, first=first),
        greedy_search(step, state, 5, limits, greedy, first=first),
    )
    assert_equal(
        run_search(sampling, step, state, 5, limits, first=first, ends=2),
        sample(step, state, 5, limits, sampling, first=first, ends=2),
    )
    with pytest.raises(TypeError, match="'greedy' is not a search"):
        run_search("greedy", step, state, 5, limits)


def test_searches_as_settings():
    assert [search.width for search in (Greedy(), Sampling(), Beam(beam=7))] == [1, 1, 7]
    assert Beam(min_length=2, no_repeat_ngram=3).greedy() == Greedy(2, 3)
    assert record(Greedy()) == "greedy"
    assert record(Greedy(2)) == {"greedy": {"min_length": 2, "no_repeat_ngram": 0}}
    assert record(Beam(beam=2))["beam"] == 2
    assert record(Sampling(5))["sampling"]["seed"] == 5
