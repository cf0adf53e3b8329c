"""The pointer-generator and coverage compared with numpy, and the extended vocabulary."""

import numpy as np
import pytest
import tensorflow as tf

from common.decoding import Beam, beam_search
from common.layers import (
    Attention,
    AttentionDecoder,
    CopySource,
    Pointer,
    copied_mass,
    coverage_loss,
)
from common.layers.attention import SCORES
from common.text import EOS, PAD, UNK, extended_ids, first_positions, hide_words, target_ids

VOCAB, ROWS, SOURCE = 9, 3, 5
# Source words, some repeated; ids from 9 on are unknown to the vocabulary.
TOKENS = np.array([[9, 4, 9, 11, 3], [4, 4, 5, 3, 0], [9, 10, 3, 0, 0]])


def randoms(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def mixture(logits, gate, attention):
    """P over vocabulary and source, by plain loops in float64."""
    p = 1 / (1 + np.exp(-gate.astype(np.float64)))
    found = np.zeros((ROWS, VOCAB + SOURCE))
    found[:, :VOCAB] = p[:, None] * softmax(logits.astype(np.float64))
    for row in range(ROWS):
        for place in range(SOURCE):
            found[row, TOKENS[row, place]] += (1 - p[row]) * attention[row, place]
    return found


@pytest.fixture(scope="module")
def parts():
    logits, gate = randoms(ROWS, VOCAB), randoms(ROWS)
    attention = softmax(np.where(TOKENS == PAD, -1e9, randoms(ROWS, SOURCE)))
    return logits, gate, attention.astype(np.float32)


def test_mixture_equals_loops_and_sums_to_one(parts):
    pointer = Pointer()
    found = pointer.log_probs(*parts, CopySource.of(tf.constant(TOKENS, tf.int32)))
    expected = mixture(*parts)
    np.testing.assert_allclose(np.exp(found), expected, atol=1e-6)
    np.testing.assert_allclose(np.exp(found).sum(-1), 1, atol=1e-5)
    absent = expected == 0
    assert absent.any() and (found.numpy()[absent] < -1e8).all()  # forbidden, not just unlikely


def test_label_log_prob_equals_the_mixture(parts):
    logits, gate, attention = parts
    labels = np.array([11, 4, 10], np.int32)  # only copied; both; only copied
    mass, found = copied_mass(attention[:, None], TOKENS, labels[:, None])
    known = labels < VOCAB
    vocab = np.log(softmax(logits))[np.arange(ROWS), np.where(known, labels, UNK)]
    got = Pointer().label_log_prob(vocab, gate, mass[:, 0], known, found[:, 0])
    expected = np.log(mixture(*parts)[np.arange(ROWS), labels])
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@pytest.mark.parametrize("gate", [-200.0, 200.0])
@pytest.mark.parametrize("copied", [0.0, 1e-38, 1.0])
def test_extreme_probabilities_have_finite_losses_and_gradients(gate, copied):
    values = [tf.constant([x]) for x in (-90.0, gate, copied)]
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = -Pointer().label_log_prob(*values, tf.constant([True]), tf.constant([True]))
    assert np.isfinite(loss).all()
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, values))


def test_the_gate_reads_features_and_word():
    pointer = Pointer()
    pointer.build(4, 3)
    kernel, bias = randoms(7, 1), randoms(1)
    pointer.set_weights([kernel, bias])
    features, embedded = randoms(2, 5, 4), randoms(2, 5, 3)
    expected = (np.concatenate([features, embedded], -1) @ kernel)[..., 0] + bias
    np.testing.assert_allclose(pointer.gate(features, embedded), expected, atol=1e-5)


def test_beam_search_copies_a_word_the_vocabulary_lacks():
    """A step that always prefers source place 1, then the end."""
    tokens = tf.constant(TOKENS, tf.int32)
    sources, pointer = CopySource.of(tokens).tile(2), Pointer()

    def step(last, state):
        done = tf.cast(last != 2, tf.float32)[:, None]
        attention = tf.one_hot([1] * 6, SOURCE) * (1 - done) + tf.one_hot([2] * 6, SOURCE) * done
        gate = tf.where(last != 2, 9.0, -9.0)
        logits = tf.one_hot([3] * 6, VOCAB) * 9.0
        return pointer.log_probs(logits, gate, attention, sources), {"attention": attention}

    state = {"attention": tf.zeros([ROWS, SOURCE])}
    found = beam_search(step, state, ROWS, 4, Beam(beam=2))
    np.testing.assert_array_equal(found.tokens[:, 0, :2], [[4, 3], [4, 3], [10, 3]])


# Coverage ----------------------------------------------------------------------------------------


def test_coverage_loss_is_that_of_a_loop():
    attention = softmax(randoms(2, 4, SOURCE))
    expected = np.zeros((2, 4))
    for row in range(2):
        coverage = np.zeros(SOURCE)
        for t in range(4):
            expected[row, t] = np.minimum(attention[row, t], coverage).sum()
            coverage += attention[row, t]
    np.testing.assert_allclose(coverage_loss(attention), expected, atol=1e-6)
    assert (expected[:, 0] == 0).all() and (expected[:, 1:] > 0).all()


@pytest.mark.parametrize("score", SCORES)
def test_coverage_is_part_of_the_keys(score):
    layer = Attention(score, coverage=True)
    layer.build(4, 4)
    layer.set_weights([randoms(*w.shape, seed=n) for n, w in enumerate(layer.weights)])
    queries, memory, coverage = randoms(2, 1, 4), randoms(2, SOURCE, 4), np.abs(randoms(2, SOURCE))
    keys = layer.keys(memory)
    _, weights = layer(queries, keys, memory, coverage=coverage[:, None])
    kernel = layer.coverage_kernel.numpy()
    _, expected = layer(queries, keys + coverage[..., None] * kernel, memory)
    np.testing.assert_allclose(weights, expected, atol=1e-6)
    _, without = layer(queries, keys, memory)
    assert np.abs(weights - without).max() > 1e-3


@pytest.mark.parametrize("feeding", [False, True])
def test_a_decoder_with_coverage_sums_its_attention(feeding):
    decoder = AttentionDecoder(1, 5, 4, input_feeding=feeding, coverage=True)
    decoder.build(3, 6, 5)
    decoder.set_weights([0.5 * randoms(*w.shape, seed=n) for n, w in enumerate(decoder.weights)])
    mask = np.arange(SOURCE) < np.array([[5], [3]])
    memory = decoder.memory(tf.constant(randoms(2, SOURCE, 6)), tf.constant(mask))
    state = decoder.initial_state([tf.constant(randoms(2, 5))], SOURCE)
    embedded = tf.constant(randoms(2, 4, 3))
    features, weights = decoder(embedded, memory, state)
    total = np.zeros((2, SOURCE))
    for t in range(4):
        np.testing.assert_allclose(state["coverage"], total, atol=1e-6)
        one, state = decoder.step(embedded[:, t], memory, state)
        np.testing.assert_allclose(one, features[:, t], atol=1e-5)
        np.testing.assert_allclose(state["attention"], weights[:, t], atol=1e-5)
        total += state["attention"].numpy()
    assert (weights.numpy()[1, :, 3:] == 0).all()


@pytest.mark.parametrize("upper", [0, 1])
def test_coverage_left_out_is_coverage_without_weights(upper):
    """The first phase runs over the whole target at once; the second begins where it ended."""
    decoder = AttentionDecoder(1, 5, 4, upper_layers=upper, coverage=True)
    decoder.build(3, 6, 5)
    decoder.set_weights([0.5 * randoms(*w.shape, seed=n) for n, w in enumerate(decoder.weights)])
    memory = decoder.memory(tf.constant(randoms(2, SOURCE, 6)), tf.ones([2, SOURCE], tf.bool))
    state = decoder.initial_state([tf.constant(randoms(2, 5))], SOURCE)
    embedded = tf.constant(randoms(2, 4, 3))
    kernel = decoder.attention.coverage_kernel

    @tf.function
    def run(covering):
        with tf.GradientTape() as tape:
            features, weights = decoder(embedded, memory, state, covering=covering)
            total = tf.reduce_sum(features**2)
        return (
            features,
            weights,
            *tape.gradient(total, [kernel.value, decoder.combine.kernel.value]),
        )

    with_it, without = run(tf.constant(True)), run(tf.constant(False))
    assert np.abs(with_it[0] - without[0]).max() > 1e-3
    assert np.abs(with_it[2]).max() > 0 and not np.any(without[2])
    for found, covering in ((with_it, True), (without, False)):
        for one, other in zip(
            found, decoder(embedded, memory, state, covering=covering), strict=False
        ):
            np.testing.assert_allclose(one, other, atol=1e-6)
    kernel.assign(tf.zeros_like(kernel))
    for found, expected in zip(without, run(tf.constant(True)), strict=True):
        if expected.shape != kernel.shape:  # the first phase has no gradient for it
            np.testing.assert_allclose(found, expected, atol=1e-5)


# Extended vocabulary -----------------------------------------------------------------------------


def test_unknown_words_are_numbered_by_their_first_place():
    words = tf.ragged.constant([["x", "a", "y", "x"], [], ["y"]], dtype=tf.string)
    ids = tf.ragged.constant([[UNK, 5, UNK, UNK], [], [UNK]], dtype=tf.int32)
    assert extended_ids(words, ids, 10).to_list() == [[10, 5, 12, 10], [], [10]]


def test_rows_do_not_share_words():
    """A word's key contains its row; no two pairs of row number and word have the same key."""
    words = tf.ragged.constant([["1 1"] * 12, ["1"]], dtype=tf.string)
    ids = tf.ragged.constant([[UNK] * 12, [UNK]], dtype=tf.int32)
    assert extended_ids(words, ids, 4).to_list() == [[4] * 12, [4]]


def test_first_positions_by_a_loop():
    tokens = np.random.default_rng(0).integers(0, 6, [4, 12]).astype(np.int32)
    expected = [[list(row).index(token) for token in row] for row in tokens]
    np.testing.assert_array_equal(first_positions(tokens), expected)
    assert first_positions(tf.zeros([0, 5], tf.int32)).shape == (0, 5)


def test_target_ids():
    source, ids = ["x", "a", "y", "x"], [10, 5, 12, 10]
    found = target_ids(["y", "x", "a", "z"], [UNK, UNK, 5, UNK], source, ids)
    assert found == [12, 10, 5, UNK]


def test_hidden_words_equal_a_smaller_vocabulary():
    """Hiding words equals reading the text with a smaller vocabulary."""
    random = np.random.default_rng(3)
    source = random.integers(UNK, VOCAB, [40, 7], np.int32)
    target = random.integers(UNK, VOCAB, [40, 6], np.int32)
    hidden = random.random([40, VOCAB]) < 0.4
    found = [side.numpy() for side in hide_words(*map(tf.constant, (source, target)), hidden)]
    for row in range(40):
        lacks = {int(n) for n in np.flatnonzero(hidden[row]) if n > EOS}
        first = {n: VOCAB + list(source[row]).index(n) for n in lacks & set(source[row].tolist())}
        for tokens, changed in zip((source, target), found, strict=True):
            assert changed[row].tolist() == [first.get(n, n) for n in tokens[row].tolist()]
    assert (found[0] != source).any() and (found[1] != target).any()


def test_hidden_and_special_words_stay_unchanged():
    source = tf.constant([[EOS, VOCAB + 1, 5, PAD]])
    target = tf.constant([[VOCAB + 1, 4, EOS, PAD]])
    found = hide_words(source, target, tf.ones([1, VOCAB], tf.bool))
    np.testing.assert_array_equal(found[0], [[EOS, VOCAB + 1, VOCAB + 2, PAD]])
    np.testing.assert_array_equal(found[1], target)  # 4 is not in the source
