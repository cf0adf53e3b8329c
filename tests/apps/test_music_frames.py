"""The frame models: the published measure by hand, distributions over sets of notes."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from apps.music import likelihood_scores
from apps.music.composer import Composer
from apps.music.config import TINY, Config
from apps.music.frames import decoding
from apps.music.frames.frame_tokens import FIRST, from_rolls
from apps.music.frames.network import Frames
from apps.music.likelihood import Likelihood
from apps.music.output_files import write_files
from apps.music.piece import Piece
from apps.music.pipeline import Pipeline
from apps.music.request import Request
from common.decoding import Sampling, sample
from common.errors import UserError
from data.readers import midi_files
from tests.apps.music_models import (
    FRAMES,
    SEQUENCE,
    make_frames,
    random_roll,
)


@pytest.fixture(scope="module", params=["independent", "sequence"])
def frames(request):
    return make_frames(request.param)


# The published measure ------------------------------------------------------------------------


def test_marginal_model_by_hand():
    """Two keys; key 0 sounds in 3 of 4 training frames, key 1 in 1 of 4."""
    train = np.zeros([4, 88], np.uint8)
    train[:3, 0], train[0, 1] = 1, 1
    test = np.zeros([3, 88], np.uint8)
    test[1, 0], test[2, 0], test[2, 1] = 1, 1, 1
    silent = 86 * -np.log(1 - likelihood_scores.LEAST)
    second = -np.log(0.75) - np.log(0.75)  # key 0 on, key 1 off
    third = -np.log(0.75) - np.log(0.25)
    pieces = [Piece("a", test)]
    found = likelihood_scores.marginal_nll([Piece("t", train)], pieces)
    assert found == pytest.approx((second + third) / 2 + silent, abs=1e-6)


def test_measure_scores_frames_2_to_the_end(frames):
    """The sum over keys, averaged over the frames of all pieces, with any padding and batches."""
    pieces = [Piece(str(n), random_roll(time, n)) for n, time in enumerate((9, 2, 14, 1))]
    total = count = 0
    for piece in pieces:
        nll = frames.frame_nll(tf.constant(piece.notes[None], tf.float32))[0].numpy()
        total, count = total + nll[1:].sum(), count + len(nll) - 1
    limits = [[21, 108]]
    for size in (1, 4):
        config = Config(model=frames.config, batching=replace(TINY.batching, batch_size=size))
        found = Likelihood(Pipeline(config, frames, limits))(pieces)["loss"]
        assert found == pytest.approx(total / count, rel=1e-5)


def test_independent_keys_against_numpy():
    model = Frames(FRAMES)
    roll = random_roll(6)[None].astype(np.float32)
    p = 1 / (1 + np.exp(-model.output_layer(model(tf.constant(roll))).numpy()))
    expected = -(roll * np.log(p) + (1 - roll) * np.log(1 - p)).sum(-1)
    np.testing.assert_allclose(model.frame_nll(tf.constant(roll)), expected, rtol=1e-4)


def test_a_frame_is_a_distribution_over_sets():
    """Sums the probability of all sets of the 3 lowest keys: at most 1, and exactly 1 if all other
    keys are forbidden."""
    model = Frames(SEQUENCE)
    bias = np.zeros(FIRST + 88)
    bias[FIRST + 3 :] = -1e9
    model.output_layer.bias.assign(bias)
    sets = np.zeros([8, 1, 88], np.float32)
    for n in range(8):
        sets[n, 0, :3] = [n & 1, n >> 1 & 1, n >> 2]
    nll = model.frame_nll(tf.constant(sets))[:, 0].numpy()
    assert np.exp(-nll).sum() == pytest.approx(1, abs=1e-4)


def test_frame_tokens():
    roll = np.zeros([2, 88], np.float32)
    roll[0, [2, 5]] = 1
    assert from_rolls(tf.constant(roll)).numpy().tolist() == [[7, 10, 4], [4, 0, 0]]
    assert from_rolls(tf.constant(roll[:0])).shape == (0, 1)


def test_sampled_frames_have_the_scored_probability(frames):
    found = sample(
        decoding.step_function(frames, tf.zeros([3, 0], tf.int32), 7),
        decoding.first_state(frames, 3),
        3,
        120,
        Sampling((1, 2)),
    )
    pieces = np.zeros([3, 7, 88], np.float32)
    for row in range(3):
        frame = 0
        for token in found.tokens[row, 0].numpy():
            frame += token == 4
            if token >= FIRST:
                pieces[row, frame, token - FIRST] = 1
    nll = tf.reduce_sum(frames.frame_nll(tf.constant(pieces)), -1)
    np.testing.assert_allclose(nll, -found.log_probs[:, 0], rtol=1e-4)


def test_frames_of_many_notes_are_kept(frames):
    made = Composer(Pipeline(Config(model=frames.config), frames, [[21, 108]]))
    roll = np.zeros([4, 88], np.uint8)
    roll[:, 20:40] = 1
    found = made.compose(roll, Request(bars=5, bar=4))[0].notes
    np.testing.assert_array_equal(found[:4], roll)


def test_a_piece_from_nothing(frames):
    made = Composer(Pipeline(Config(model=frames.config), frames, [[21, 108]]))
    assert made.compose(made.read(""), Request(bars=3, bar=4))[0].notes.shape == (3, 88)


def test_bars_of_a_roll_are_bars(frames, tmp_path):
    """A frame is a quarter: two bars of 4/4 are 8 frames, of 6/8 they are 6."""
    made = Composer(Pipeline(Config(model=frames.config), frames, [[21, 108]]))
    nothing = made.read("")
    for request, quarters in (
        (Request(bars=2), 8),
        (Request(bars=2, bar=12), 6),
        (Request(bars=3, bar=6), 5),  # four and a half
        (Request(), 32),
    ):
        assert len(made.compose(nothing, request)[0].notes) == quarters
    assert len(made.compose(random_roll(9))[0].notes) == 9 + 32
    with pytest.raises(UserError, match="8 quarters are requested, but 9 are given"):
        made.compose(random_roll(9), Request(bars=2))
    assert len(made.compose(nothing, Request(bars=2), steps=11)[0].notes) == 11
    with pytest.raises(UserError, match="rolls does not know keys: leave --key out"):
        made.compose(nothing, Request(key="D"))
    sounding = random_roll(8)
    sounding[:, 40] = 1
    request = Request(bars=2, bar=12, unit=8, tempo=77)
    piece = made.compose(sounding[:6], request)[0]
    write_files(str(tmp_path / "a"), made, piece, request)
    found = midi_files.read(tmp_path / "a.mid")
    assert (found.bar, found.unit) == (3, 8) and round(found.tempo, 3) == 77
    assert max(note[1] for track in found.tracks for note in track.notes) == 6


def test_a_roll_continues_its_primer(frames):
    config = Config(model=frames.config)
    made = Composer(Pipeline(config, frames, [[21, 108]]))
    primer = random_roll(5)
    first, second = made.compose(primer, Request(bars=12, bar=4), takes=2)
    assert first.notes.shape == (12, 88)
    np.testing.assert_array_equal(first.notes[:5], primer)
    assert (first.notes != second.notes).any()
    again = made.compose(primer, Request(bars=12, bar=4), takes=2)
    np.testing.assert_array_equal(second.notes, again[1].notes)
