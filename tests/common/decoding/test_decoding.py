"""Decoding against plain Python, brute force and numbers worked by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from common.decoding import (
    BeamConfig,
    beam_search,
    coverage_penalty,
    greedy_search,
    length_penalty,
    sample,
)
from common.decoding.top_k import top_k
from common.errors import UserError
from common.text import BOS, EOS, PAD
from tests.reference import beam_search_reference, brute_force_search

SOURCE = 4


class Model:
    """A tanh RNN with attention over a random memory; the same in numpy and in the graph."""

    def __init__(self, seed, vocab=8, units=6, rows=5, eos_bias=0.0):
        random = np.random.default_rng(seed)
        self.embedding = random.normal(size=[vocab, units])
        self.recurrent = random.normal(size=[units, units])
        self.keys = random.normal(size=[units, SOURCE])
        self.output = random.normal(size=[units + SOURCE, vocab]) * 1.5
        self.bias = np.zeros([vocab])
        self.bias[EOS] = eos_bias
        self.initial = random.normal(size=[rows, units])
        self.mask = np.arange(SOURCE) < random.integers(2, SOURCE + 1, size=[rows, 1])
        self.rows, self.vocab = rows, vocab

    def search(self, rows=None):
        """(step over `copies` copies of each row, state, mask) in numpy and in the graph."""
        rows = range(self.rows) if rows is None else rows
        initial, mask = self.initial[list(rows)], self.mask[list(rows)]
        state = {"h": initial, "attention": np.zeros([len(initial), SOURCE])}

        def step(tokens, state):
            copies = np.repeat(mask, len(tokens) // len(mask), 0)
            h = np.tanh(self.embedding[tokens] + state["h"] @ self.recurrent)
            attention = np.exp(h @ self.keys) * copies
            attention /= attention.sum(-1, keepdims=True)
            logits = np.concatenate([h, attention], -1) @ self.output + self.bias
            return logits, {"h": h, "attention": attention}

        return step, state, mask

    def graph(self, rows=None, dtype=tf.float32):
        _, state, mask = self.search(rows)
        state = {key: tf.constant(value, tf.float32) for key, value in state.items()}
        weights = (self.embedding, self.recurrent, self.keys, self.output, self.bias)
        embedding, recurrent, keys, output, bias = (tf.constant(w, tf.float32) for w in weights)

        def step(tokens, state):
            copies = tf.repeat(tf.cast(mask, tf.float32), tf.shape(tokens)[0] // len(mask), 0)
            h = tf.tanh(tf.gather(embedding, tokens) + state["h"] @ recurrent)
            attention = tf.exp(h @ keys) * copies
            attention /= tf.reduce_sum(attention, -1, keepdims=True)
            logits = tf.concat([h, attention], -1) @ output + bias
            return tf.cast(logits, dtype), {"h": h, "attention": attention}

        return step, state, mask


def table_step(log_probs):
    """A Markov model: logits [vocab, vocab] of the next token by the last; no state."""
    table = tf.constant(log_probs, tf.float32)
    return lambda tokens, state: (tf.gather(table, tokens), state)


def log(probabilities):
    return np.log(np.maximum(np.array(probabilities, np.float64), 1e-30))


def strings(result, row):
    """The (tokens, score, log_prob) of a row, as the reference gives them."""
    found = []
    for tokens, length, value, log_prob in zip(*(t[row].numpy() for t in result), strict=True):
        assert (tokens[length:] == PAD).all()
        if length:
            found.append((tuple(tokens[:length].tolist()), float(value), float(log_prob)))
    return found


def assert_same(found, expected):
    assert [string for string, _, _ in found] == [string for string, _, _ in expected]
    for numbers in (1, 2):
        np.testing.assert_allclose(
            [f[numbers] for f in found], [e[numbers] for e in expected], rtol=2e-5, atol=2e-5
        )


def assert_equal(one, other, exact=True):
    for a, b in zip(one, other, strict=True):
        if exact:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


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
def test_equals_the_python_loop_with_and_without_early_stop(options):
    config = BeamConfig(**{"beam": 4, **options})
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
    config = BeamConfig(**{**options, "beam": 100, "n_best": 5})
    model = Model(7, vocab=6, rows=2)
    step, state, mask = model.graph()
    result = beam_search(step, state, 2, 4, config, source_mask=mask)
    for row in range(2):
        step, state, mask = model.search([row])
        expected = brute_force_search(step, state, 4, config, source_mask=mask)
        assert_same(strings(result, row), expected[:5])


def test_the_search_ends_when_no_live_hypothesis_can_win():
    table = np.full([6, 6], 0.02)
    table[:, 4] = 0.9
    table[4] = 0.02
    table[4, EOS] = 0.9
    calls = []

    def step(tokens, state):
        calls.append(1)
        return table_step(log(table))(tokens, state)

    config = BeamConfig(length_penalty=0.0)  # 0.81 for "4 eos" at the second step; 0.02 beside it
    assert strings(beam_search(step, (), 2, 1000, config), 1)[0][0] == (4, EOS)
    assert len(calls) == 2


def test_fewer_strings_than_n_best_leave_empty_places():
    step = table_step(np.zeros([5, 5]))  # unk, eos and 4 remain
    result = beam_search(step, (), 1, 1, BeamConfig(beam=6, n_best=5))
    assert sorted(strings(result, 0)) == sorted(
        ((token,), pytest.approx(math.log(1 / 5)), pytest.approx(math.log(1 / 5)))
        for token in (1, 3, 4)
    )
    assert result.lengths.numpy().tolist() == [[1, 1, 1, 0, 0]]
    assert (result.scores[0, 3:].numpy() == -1e9).all()


@pytest.mark.parametrize("options", [{}, {"min_length": 4}, {"no_repeat_ngram": 2}], ids=str)
def test_beam_of_one_is_greedy(options):
    for seed in range(3):
        step, state, _ = Model(seed).graph()
        limits = tf.constant([7, 12, 1, 12, 5])
        greedy = greedy_search(step, state, 5, limits, **options)
        config = BeamConfig(beam=1, length_penalty=0.0, **options)
        assert_equal(beam_search(step, state, 5, limits, config), greedy, exact=False)


def test_greedy_by_hand():
    table = np.full([6, 6], 0.05)
    table[BOS, 4] = table[4, 5] = table[5, EOS] = 0.75
    result = greedy_search(table_step(log(table)), (), 1, 6)
    assert strings(result, 0) == [
        ((4, 5, EOS), pytest.approx(3 * math.log(0.75)), pytest.approx(3 * math.log(0.75)))
    ]


def test_penalties_by_hand():
    np.testing.assert_allclose(length_penalty(tf.constant([1, 7, 13]), 1.0), [1.0, 2.0, 3.0])
    np.testing.assert_allclose(length_penalty(tf.constant([13]), 0.5), [math.sqrt(3)], rtol=1e-6)
    coverage = tf.constant([[0.5, 2.0, 0.25], [1.0, 1.0, 0.0]])
    mask = tf.constant([[True, True, True], [True, True, False]])
    expected = [0.2 * (math.log(0.5) + math.log(0.25)), 0.0]
    np.testing.assert_allclose(coverage_penalty(coverage, mask, 0.2), expected, rtol=1e-6)


def test_scores_by_hand():
    # "eos" at once: 0.4. "4 eos": 0.6 * 0.5 = 0.3; better only when length is paid for.
    table = np.zeros([6, 6])
    table[BOS, [EOS, 4]] = 0.4, 0.6
    table[4, [EOS, 5]] = 0.5, 0.5
    table[5, [EOS, 5]] = 0.5, 0.5
    step = table_step(log(table))
    for alpha, best in ((0.0, (EOS,)), (3.0, (4, EOS))):
        (found,) = strings(beam_search(step, (), 1, 2, BeamConfig(3, alpha)), 0)
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
        result = beam_search(step, state, 1, 5, BeamConfig(2, 0.0, coverage_penalty=beta))
        (found,) = strings(result, 0)
        assert found[0] == (best, EOS)
        expected = math.log(0.6 if best == 4 else 0.4) + penalty
        assert found[1] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(UserError, match="coverage_penalty"):
        beam_search(step, (), 1, 5, BeamConfig(coverage_penalty=0.1))


def test_a_finished_hypothesis_never_changes():
    # eos at once has 0.9: nothing that goes on for longer may alter or displace it.
    table = np.full([6, 6], 0.05 / 3)
    table[:, EOS] = 0.9
    table[4, [EOS, 5]] = 0.1, 0.8  # beams that stay alive beside it
    step = table_step(log(table))
    config = BeamConfig(beam=4, length_penalty=0.0, n_best=4)
    first = strings(beam_search(step, (), 1, 2, config), 0)[0]
    for max_length in (3, 5, 20):
        assert strings(beam_search(step, (), 1, max_length, config), 0)[0] == first
    assert first[0] == (EOS,)


@pytest.mark.parametrize("decode", ["beam", "greedy"])
def test_a_row_does_not_depend_on_its_neighbours(decode):
    config = BeamConfig(coverage_penalty=0.3, n_best=2, no_repeat_ngram=3)
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
        beam_search(step, (), 4, limits, BeamConfig()),
        greedy_search(step, (), 4, limits),
        sample(step, (), 4, limits, seed=(1, 2)),
    ):
        assert result.lengths.numpy()[:, 0].tolist() == [4, 0, 2, 1]
        assert result.tokens.shape == (4, 1, 4)
        assert EOS not in result.tokens.numpy()
        assert result.scores.numpy()[1, 0] == -1e9 < result.scores.numpy()[0, 0]


def test_minimum_length_and_repeats():
    model = Model(3, vocab=9, eos_bias=4.0)
    step, state, _ = model.graph()
    for n in (1, 2, 3):
        results = [
            beam_search(step, state, 5, 12, BeamConfig(min_length=5, no_repeat_ngram=n, n_best=4)),
            greedy_search(step, state, 5, 12, min_length=5, no_repeat_ngram=n),
            sample(step, state, 5, 12, seed=(0, n), min_length=5, no_repeat_ngram=n),
        ]
        for result in results:
            for row in range(5):
                for string, _, _ in strings(result, row):
                    assert len(string) >= 6
                    ngrams = [string[i : i + n] for i in range(len(string) - n + 1)]
                    assert len(ngrams) == len(set(ngrams))


def test_minimum_length_gives_way_when_nothing_else_is_left():
    step = table_step(np.zeros([5, 5]))  # unk and 4 once each, then only eos is left
    for result in (
        beam_search(step, (), 1, 9, BeamConfig(min_length=8, no_repeat_ngram=1)),
        greedy_search(step, (), 1, 9, min_length=8, no_repeat_ngram=1),
    ):
        assert strings(result, 0)[0][0] == (1, 4, EOS)


def test_n_best_is_ordered_and_distinct_and_n_best_of_one_is_its_first():
    step, state, _ = Model(5).graph()
    many = beam_search(step, state, 5, 10, BeamConfig(n_best=5))
    one = beam_search(step, state, 5, 10, BeamConfig(n_best=1))
    for row in range(5):
        found = strings(many, row)
        assert len({string for string, _, _ in found}) == 5
        assert [value for _, value, _ in found] == sorted((f[1] for f in found), reverse=True)
        assert_same(strings(one, row), found[:1])


def test_equal_scores_give_the_lower_token():
    step = table_step(np.zeros([300, 300]))
    result = beam_search(step, (), 2, 2, BeamConfig(beam=3, length_penalty=0.0, n_best=3))
    for row in range(2):  # eos alone comes first of all; then unk with its lowest successors
        assert [f[0] for f in strings(result, row)] == [(EOS,), (1, 1), (1, EOS)]


def test_top_k_is_that_of_tensorflow_also_for_ties():
    random = np.random.default_rng(0)
    for size in (10, 128 * 30, 128 * 60 + 37):
        for levels in (3, 1000, 4000, 10**6):
            values = tf.constant(random.integers(0, levels, [3, size]), tf.float32)
            values = tf.where(values == 0, float("-inf"), values)
            for a, b in zip(top_k(values, 7), tf.math.top_k(values, 7), strict=True):
                np.testing.assert_array_equal(a, b)
    nothing = tf.fill([2, 128 * 60 + 37], float("-inf"))
    assert top_k(nothing, 7)[1].numpy().tolist() == [list(range(7))] * 2


def test_padding_and_beginning_are_never_produced():
    table = np.zeros([6, 6])
    table[:, [PAD, BOS]] = 9.0
    table[:, EOS] = -9.0
    step = table_step(table)
    for result in (
        beam_search(step, (), 3, 8, BeamConfig(n_best=3)),
        greedy_search(step, (), 3, 8),
        sample(step, (), 3, 8, seed=(3, 4)),
        sample(step, (), 3, 8, seed=(3, 4), top_k=2),
    ):
        for row in range(3):
            for string, _, _ in strings(result, row):
                assert not {PAD, BOS} & set(string)


def test_impossible_tokens_make_no_nan():
    table = np.full([6, 6], -np.inf)
    table[:, 4] = 0.0
    for result in (
        beam_search(table_step(table), (), 1, 3, BeamConfig(n_best=3)),
        greedy_search(table_step(table), (), 1, 3),
        sample(table_step(table), (), 1, 3, seed=(1, 1), temperature=0.0, top_p=0.9),
    ):
        assert strings(result, 0) == [((4, 4, 4), 0.0, 0.0)]
        assert not np.isnan(result.scores).any()


def test_float16_logits():
    step, state, _ = Model(2).graph(dtype=tf.float16)
    full, _, _ = Model(2).graph()
    half = beam_search(step, state, 5, 6, BeamConfig())
    assert half.scores.dtype == tf.float32
    scores = beam_search(full, state, 5, 6, BeamConfig()).scores
    np.testing.assert_allclose(half.scores, scores, atol=0.02)


def test_eager_equals_graph_with_unknown_shapes_and_no_rows():
    model = Model(4)
    config = BeamConfig(n_best=2, no_repeat_ngram=2)
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
            sample(step, (initial,), batch, limits, seed=seed, top_k=4, top_p=0.9),
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


def test_sampling_of_one_candidate_is_greedy():
    step, state, _ = Model(6).graph()
    greedy = greedy_search(step, state, 5, 10)
    for options in ({"top_k": 1}, {"top_p": 1e-6}, {"temperature": 0.0}):
        assert_equal(sample(step, state, 5, 10, seed=(5, 6), **options), greedy)


def test_seeds():
    step, state, _ = Model(6).graph()

    def draw(*seed, rows=5):
        step, state, _ = Model(6).graph(range(rows))
        return sample(step, state, rows, 12, seed=seed)

    assert_equal(draw(1, 2), draw(1, 2))
    assert (draw(1, 2).tokens.numpy() != draw(1, 3).tokens.numpy()).any()
    # Neither does a row change with the number of rows after it.
    np.testing.assert_array_equal(draw(1, 2).tokens[:2], draw(1, 2, rows=2).tokens)


def test_a_string_may_go_on_to_a_later_end():
    """A chain EOS -> 4 -> EOS -> 4 ..., which is entered at 4 or at the end."""
    table = np.full([5, 5], -50.0)
    table[4, EOS] = table[EOS, 4] = 0.0
    step, first = table_step(table), tf.constant([4, EOS])
    for ends, wanted in ((1, [1, 2]), (3, [5, 6]), (9, [7, 7])):
        found = sample(step, (), 2, 7, seed=(1, 1), first=first, ends=ends)
        assert found.lengths.numpy()[:, 0].tolist() == wanted
        np.testing.assert_allclose(found.log_probs, 0, atol=1e-6)
        assert strings(found, 0)[0][0] == (EOS, 4, EOS, 4, EOS, 4, EOS)[: wanted[0]]


def frequencies(probabilities, **options):
    table = np.tile(log(probabilities), [len(probabilities), 1])
    result = sample(table_step(table), (), 4000, 1, seed=(8, 9), **options)
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


def test_wrong_settings_are_named():
    for options in ({"beam": 0}, {"n_best": 6}, {"n_best": 0}, {"length_penalty": -1.0}):
        with pytest.raises(UserError, match=next(iter(options))):
            BeamConfig(**options)
    step = table_step(np.zeros([5, 5]))
    for options in (
        {"temperature": -1},
        {"temperature": np.nan},
        {"top_k": -1},
        {"top_p": 0},
        {"top_p": 1.1},
    ):
        with pytest.raises(UserError, match=next(iter(options))):
            sample(step, (), 1, 1, seed=(0, 0), **options)


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
            return beam_search(
                step, tf.zeros([batch, 1]), batch, limits, BeamConfig(n_best=2)
            )._asdict()

    module = Decoder()
    limits = tf.constant([4, 9, 2])
    expected = module.decode(limits)
    tf.saved_model.save(module, str(tmp_path), signatures=module.decode)
    loaded = tf.saved_model.load(str(tmp_path))
    for answer in (loaded.decode(limits), loaded.signatures["serving_default"](limits)):
        for name, tensor in expected.items():
            np.testing.assert_array_equal(answer[name], tensor)
