"""Hard constraints in every search, and the automaton that builds them."""

import itertools
import re

import numpy as np
import pytest
import tensorflow as tf

from common.decoding import Beam, Greedy, Sampling, beam_search, greedy_search, sample
from common.decoding.automaton import AutomatonBuilder
from common.text import BOS, EOS, PAD

VOCAB = 9
WORDS = [4, 5]  # tokens that begin a word; 6 and 7 continue one
LETTERS = "_?<>ABcd!"


def table(seed):
    random = np.random.default_rng(seed)
    return tf.constant(random.normal(size=[VOCAB, VOCAB]) * 2, tf.float32)


def searches(step, state, rows, longest, **options):
    """One string per row from each search, as lists of tokens."""
    seeds = tf.stack([tf.range(rows), tf.range(rows) + 7], 1)
    found = [
        greedy_search(step, state, rows, longest, **options),
        greedy_search(step, state, rows, longest, Greedy(no_repeat_ngram=1), **options),
        beam_search(step, state, rows, longest, Beam(beam=3), **options),
        sample(step, state, rows, longest, Sampling((1, 2), temperature=50.0), **options),
        sample(step, state, rows, longest, Sampling(seeds, temperature=1e30, top_k=2), **options),
        sample(step, state, rows, longest, Sampling(seeds, top_p=0.1), **options),
    ]
    return [
        [token for token in row[0] if token != PAD] for one in found for row in one.tokens.numpy()
    ]


def slot_form(least=1, most=2, pieces=2, glued=False):
    mask = np.isin(np.arange(VOCAB), [4, 5, 6, 7])
    begins = np.isin(np.arange(VOCAB), [*WORDS, 8, EOS])
    form = AutomatonBuilder(VOCAB, begins)
    form.literal(8)
    form.slot(mask, least, most, pieces, EOS, glued)
    return form.build()


def accepted(form, longest):
    """All strings up to EOS that the automaton allows, found by following every allowed token."""
    found, open_ends = set(), [("", 0)]
    while open_ends:
        string, state = open_ends.pop()
        for token in np.flatnonzero(form.mask(tf.constant([state])).numpy()[0]):
            longer = string + LETTERS[token]
            if token == EOS:
                found.add(longer)
            elif len(longer) < longest:
                after = form.advance(tf.constant([state]), tf.constant([token], tf.int32))
                open_ends.append((longer, int(after[0])))
    return found


@pytest.mark.parametrize(
    "options, pattern",
    [
        ({}, r"!([AB][cd]?){1,2}>"),
        ({"least": 2, "pieces": 1}, r"!([AB]){2}>"),
        ({"most": 1, "glued": True}, r"![cd][cd]?>"),
    ],
)
def test_an_automaton_is_its_regular_expression(options, pattern):
    form = slot_form(**options)
    every = ("".join(s) + ">" for n in range(5) for s in itertools.product("ABcd!>", repeat=n))
    assert accepted(form, 5) == {s for s in every if re.fullmatch(pattern, s)}


def test_the_shortest_automaton_keeps_its_exit():
    """An automaton with fewer states than the number of its end token."""
    form = AutomatonBuilder(VOCAB, np.isin(np.arange(VOCAB), [*WORDS, 7]))
    form.slot(np.isin(np.arange(VOCAB), WORDS), 1, 1, 1, 7)
    after = form.build().advance(tf.constant([0]), tf.constant([4]))
    form = form.build()
    assert np.flatnonzero(form.mask(tf.constant([0]))[0]).tolist() == WORDS
    assert np.flatnonzero(form.mask(after)[0]).tolist() == [7]


@pytest.mark.parametrize("seed", range(3))
def test_every_search_obeys_an_automaton(seed):
    form, logits = slot_form(least=2), table(seed)
    step = lambda tokens, state: (tf.gather(logits, tokens), state)  # noqa: E731
    step, state, allowed = form.around(step, tf.zeros([5, 1]), 5)
    for row in searches(step, state, 5, 8, allowed=allowed):
        assert re.fullmatch(r"!([AB][cd]?){2}>", "".join(LETTERS[t] for t in row)), row


def test_a_constraint_beats_the_softer_rules():
    """Only token 5 is allowed, though it repeats: nothing else occurs."""
    only = tf.one_hot([5], VOCAB, True, False)
    step = lambda tokens, state: (tf.gather(table(0), tokens), state)  # noqa: E731
    for row in searches(step, tf.zeros([2, 1]), 2, 4, allowed=lambda position, state: only):
        assert row == [5, 5, 5, 5]


def test_a_string_starts_after_its_first_token():
    """A chain 4 -> 5 -> 6 -> 7 -> EOS, entered at different places."""
    chain = np.full([VOCAB, VOCAB], -20.0, np.float32)
    for one, other in ((BOS, 4), (4, 5), (5, 6), (6, 7), (7, EOS)):
        chain[one, other] = 20.0
    step = lambda tokens, state: (tf.gather(tf.constant(chain), tokens), state)  # noqa: E731
    state, first = tf.zeros([3, 1]), tf.constant([BOS, 5, 7])
    wanted = [[4, 5, 6, 7, EOS], [6, 7, EOS], [EOS]]
    plain = greedy_search(step, state, 3, 9, first=first)
    beam = beam_search(step, state, 3, 9, Beam(beam=2), first=first)
    drawn = sample(step, state, 3, 9, Sampling((1, 1)), first=first)
    for found in (plain, beam, drawn):
        assert [[t for t in row[0] if t != PAD] for row in found.tokens.numpy()] == wanted


def test_seeds_of_rows_make_rows_independent():
    step = lambda tokens, state: (tf.gather(table(4), tokens), state)  # noqa: E731

    def drawn(seeds):
        rows = len(seeds)
        found = sample(step, tf.zeros([rows, 1]), rows, 9, Sampling(tf.constant(seeds)), eos=-1)
        return found.tokens.numpy()[:, 0].tolist()

    together = drawn([[1, 2], [3, 4], [1, 2], [5, 6]])
    assert together[0] == together[2] != together[1]
    assert drawn([[3, 4]]) == [together[1]]


def test_settings_may_be_tensors():
    """With tensors as temperature, top_k and top_p, only the tokens that they leave are drawn."""
    step = lambda tokens, state: (tf.gather(table(5), tokens), state)  # noqa: E731

    def drawn(**options):
        found = sample(step, tf.zeros([6, 1]), 6, 12, Sampling((3, 1), **options), eos=-1)
        return found.tokens.numpy().tolist()

    for top_k, top_p in ((1, 1.0), (0, 0.3), (3, 0.6)):
        tensors = drawn(top_k=tf.constant(top_k), top_p=tf.constant(top_p))
        for row in np.array(tensors)[:, 0]:
            for before, after in itertools.pairwise([BOS, *row]):
                logits = table(5).numpy()[before].astype(np.float64)
                logits[[PAD, BOS]] = -1e9
                ranks = np.argsort(-logits)
                chances = np.exp(table(5).numpy()[before].astype(np.float64))
                chances[[PAD, BOS]] = 0
                if top_k:
                    chances[ranks[top_k:]] = 0
                chances /= chances.sum()
                above = chances[logits > logits[after]].sum()
                assert chances[after] > 0 and above < top_p + 1e-6
    greedy = drawn(temperature=0.0)
    assert drawn(top_k=tf.constant(0), top_p=tf.constant(1.0), temperature=tf.constant(0.0)) == (
        greedy
    )
    assert drawn(top_k=tf.constant(0), top_p=tf.constant(0.0)) == greedy  # an empty nucleus
