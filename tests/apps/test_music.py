"""The voices: steps against likelihoods, masks, given voices, batches."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from apps.music.batches import RollBatches
from apps.music.composer import Composer
from apps.music.config import TINY, DataConfig
from apps.music.likelihood import Likelihood
from apps.music.piece import Piece
from apps.music.pipeline import Pipeline
from apps.music.request import Request
from apps.music.voices import constraints, decoding, voice_tokens
from apps.music.voices.batches import VoiceBatches
from apps.music.voices.conditions import condition_array, step_conditions
from common.decoding import Sampling, sample
from common.errors import UserError
from common.music import FREE, HOLD, keys, measures, rolls
from tests.apps.music_models import (
    LIMITS,
    make_composer,
    random_notes,
)


@pytest.fixture(scope="module")
def composer():
    return make_composer()


# Voices -------------------------------------------------------------------------------------


def test_holds_know_their_note():
    tokens = tf.constant([[9, 4, 4, 5, 12, 4]])
    v = voice_tokens.VOCAB
    assert voice_tokens.resolved(tokens[..., None])[0, :, 0].numpy().tolist() == [
        *(9, v + 9, v + 9),
        *(5, 12, v + 12),
    ]
    notes = random_notes(50)
    np.testing.assert_array_equal(
        voice_tokens.from_notes(tf.constant(notes)), voice_tokens.token_array(notes)
    )
    np.testing.assert_array_equal(voice_tokens.to_notes(voice_tokens.token_array(notes)), notes)


def test_degrees_count_from_the_tonic():
    tokens = np.array(
        [voice_tokens.FIRST + 60 - 21, voice_tokens.FIRST + 69 - 21, voice_tokens.REST_TOKEN],
        np.int32,
    )
    tokens = np.concatenate([tokens, tokens[:2] + voice_tokens.VOCAB])  # the last two are held
    for key, expected in [(0, 24), ("C", 0), ("A", 3), ("Am", 15), ("Bb", 2)]:
        number = keys.parse(key) + 1 if key else 0
        found = voice_tokens.degree(tokens, tf.constant(number)).numpy().tolist()
        assert found[0] == expected and found[3:] == found[:2] and found[2] == 24
    assert voice_tokens.degree(tokens[:2], tf.constant([4, 22])).numpy().tolist() == [9, 12]


def test_a_transposed_piece_has_the_same_degrees():
    notes = voice_tokens.resolved(tf.constant(voice_tokens.token_array(random_notes(30)[None])))
    higher = voice_tokens.resolved(tf.constant(voice_tokens.token_array(
        np.where(random_notes(30) > HOLD, random_notes(30) + 3, random_notes(30))[None]
    )))  # fmt: skip
    for key in ("G", "Dm"):
        numbers = [
            tf.constant(k + 1) for k in (keys.parse(key), keys.transpose(keys.parse(key), 3))
        ]
        np.testing.assert_array_equal(
            voice_tokens.degree(notes, numbers[0]), voice_tokens.degree(higher, numbers[1])
        )


def test_conditions_in_the_graph_and_in_numpy():
    facts = [[16, 4, 2, -1, 3, 0], [12, 0, -1, 5, -1, 2]]
    both = step_conditions(40, tf.constant(facts)).numpy()
    for row, fact in zip(both, facts, strict=True):
        np.testing.assert_array_equal(row, condition_array(40, fact))
    assert both[0, :6, 0].tolist() == [12, 13, 14, 15, 0, 1]
    assert both[1, :3, 0].tolist() == [16, 17, 18] and both[0, 39, 1] == 0


def test_composing_has_the_probability_that_is_scored(composer):
    """With nothing given, with the soprano given, and with two inner voices given."""
    notes, model = random_notes(12, seed=3), composer.pipeline.model
    wide = [[21, 108]] * 4
    facts = tf.constant([[16, 0, 4]])
    for given in ([0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0]):
        asked = np.where(np.array(given) == 1, notes, FREE)[None]
        given_tokens = voice_tokens.from_notes(tf.constant(asked))
        step = decoding.step_function(model, given_tokens, step_conditions(12, facts), wide)
        found = sample(step, decoding.first_state(model, 1), 1, 48, Sampling((3, 4)))
        chosen = voice_tokens.to_notes(tf.reshape(found.tokens, [1, 12, 4]))
        nll = composer.pipeline.score_voices(chosen, tf.constant(given), facts)
        np.testing.assert_allclose(nll, -found.log_probs[:, 0], rtol=1e-4)
        kept = np.array(given) == 1
        np.testing.assert_array_equal(chosen[0].numpy()[:, kept], notes[:, kept])


def test_parallel_notes_are_those_that_the_measure_counts():
    random = np.random.default_rng(4)
    before, now = (random.integers(57, 73, [40, 4]) * (random.random([40, 4]) > 0.1) for _ in "ab")
    found = wrong = 0
    for voice in range(4):
        known = now.copy()
        known[:, voice:] = before[:, voice:]  # not composed yet
        masks = constraints.parallel(
            tf.constant(before, tf.int32), tf.constant(known, tf.int32), tf.constant(voice)
        ).numpy()
        assert not masks[:, : voice_tokens.FIRST].any()
        for row, mask in enumerate(masks):
            for pitch in range(57, 73):
                chosen = known[row].copy()
                chosen[voice] = pitch
                two = np.stack([before[row], chosen])
                rest = np.delete(two, voice, 1)
                counts = [measures.parallel_fifths([piece]) > 0 for piece in (two, rest)]
                if not counts[1]:  # this voice has none
                    wrong += counts[0] != mask[pitch - 21 + voice_tokens.FIRST]
                    found += counts[0]
    assert wrong == 0 and found > 10


@pytest.mark.parametrize("line", ["", "C5 D5 E5 F5 G5 A5 G5 F5", "|||C3 D3 E3 F3 G3 F3 E3 D3"])
def test_parallels_are_composed_only_when_asked_for(composer, line):
    """An untrained network writes many parallels unless they are forbidden."""
    pipeline, request = composer.pipeline, Request(temperature=1.5, bars=8)
    free = Pipeline(replace(pipeline.config, parallels=True), pipeline.model, LIMITS)
    strict, loose = (
        made.compose(made.read(line), request)[0].notes for made in (composer, Composer(free))
    )
    assert measures.parallel_fifths([strict]) == 0 < measures.parallel_fifths([loose])


def test_a_form_repeats_its_sections(composer):
    piece = composer("C5:2 D5:0.5", Request(form="ABAC", bars=2, bar=8))[0]
    sections = piece.reshape(4, 16, 4)
    np.testing.assert_array_equal(sections[0], sections[2])
    assert (sections[0] != sections[1]).any() and (sections[1] != sections[3]).any()
    assert sections[0][:10, 0].tolist() == [72, 1, 1, 1, 1, 1, 1, 1, 74, 1]
    assert (sections[:, 0] != HOLD).all()
    assert len(composer("", Request(form="AAB")).notes) == 3 * 8 * 16
    with pytest.raises(UserError, match="AABA"):
        Request(form="A-B")


def test_a_given_note_ends_where_it_ends(composer):
    for seed in range(6):  # an untrained model holds the note sometimes
        piece = composer("G4:1 | D4:0.5", Request(bars=1, seed=seed)).notes
        assert piece[:4, 0].tolist() == [67, 1, 1, 1] and piece[4, 0] != HOLD
        assert piece[:2, 1].tolist() == [62, 1] and piece[2, 1] != HOLD


def test_padding_and_batches_keep_the_likelihood(composer):
    pieces = [Piece(str(n), random_notes(time, seed=n)) for n, time in enumerate((8, 30, 17))]
    pipeline = composer.pipeline
    found = []
    for size in (1, 3):
        config = replace(pipeline.config, batching=replace(TINY.batching, batch_size=size))
        found.append(Likelihood(Pipeline(config, pipeline.model, LIMITS))(pieces))
    assert found[0] == pytest.approx(found[1], rel=1e-5)
    assert set(found[0]) == {"loss", "compose", "harmonise"}


def test_a_given_voice_matters_and_costs_nothing(composer):
    notes = tf.constant(random_notes(10)[None])
    facts = tf.constant([[16, 0, -1]])
    free = composer.pipeline.score_voices(notes, tf.constant([0, 0, 0, 0]), facts)
    given = composer.pipeline.score_voices(notes, tf.constant([1, 0, 0, 0]), facts)
    assert 0 < float(given[0]) < float(free[0])
    other = tf.where(tf.range(4) == 0, tf.constant(random_notes(10, seed=9)), notes[0])[None]
    changed = composer.pipeline.score_voices(other, tf.constant([1, 0, 0, 0]), facts)
    assert abs(float(changed[0] - given[0])) > 1e-4


def test_every_weight_learns(composer):
    model = composer.pipeline.model
    pieces = [Piece("a", random_notes(20), key=2)]
    arrays = VoiceBatches(composer.pipeline.config, pieces, LIMITS, False, [1, 0, 0, 0]).arrays(
        (0, [0])
    )
    with tf.GradientTape() as tape:
        loss = model.token_losses(arrays, training=False)[0]
    for variable, gradient in zip(
        model.trainable_variables,
        tape.gradient(loss, [v.value for v in model.trainable_variables]),
        strict=True,
    ):
        assert float(tf.reduce_sum(tf.abs(tf.convert_to_tensor(gradient)))) > 0, variable.path


def test_composed_voices_stay_in_range(composer):
    for piece in composer.compose(composer.read(""), Request(bars=3, temperature=2.0), takes=2):
        assert piece.notes.shape == (48, 4)
        for voice, (low, high) in zip(rolls.sounding(piece.notes).T, LIMITS, strict=True):
            sounding = voice[voice > 0]
            assert low <= sounding.min() and sounding.max() <= high


def test_composed_pieces_have_the_probability_that_is_scored(composer):
    """Ranges and the rule on parallels remove choices, not probability."""
    asked = np.full([1, 16, 4], FREE, np.int32)
    facts = np.array([[16, 0, 4]], np.int32)
    notes, log_prob = composer.run(asked, facts, 1.0, (5, 6))
    nll = composer.pipeline.score_voices(notes, tf.constant([0, 0, 0, 0]), tf.constant(facts))
    np.testing.assert_allclose(log_prob, -nll, rtol=1e-4)


def test_text_in_and_text_out(composer):
    line = "C5 D5:2 -:1"
    found = composer.text(composer(line))
    assert found.startswith("C5 D5:2 -:1 | ") and found.count("|") == 3
    assert composer.text(composer(line)) == found
    assert composer.text(composer(line, Request(seed=2))) != found
    np.testing.assert_array_equal(composer.read(found), composer(line).notes)
    with pytest.raises(UserError, match="C7 is outside the range of the soprano, C4 to G5"):
        composer.check(composer.read("C7"))
    with pytest.raises(UserError, match="has no styles"):
        composer("C5", Request(style="jig"))


# Batches ------------------------------------------------------------------------------------


def test_transposition_stays_in_range_and_moves_the_key():
    pieces = [Piece("a", random_notes(40), key=2)]
    config = replace(TINY, data=DataConfig(transpose=12, crop=0))
    batches = VoiceBatches(config, pieces, LIMITS)
    shifts = set()
    for epoch in range(30):
        tokens, _, known = batches.arrays((epoch, [0]))
        notes = voice_tokens.to_notes(tf.constant(tokens[0])).numpy()
        moved = (notes - pieces[0].notes)[pieces[0].notes > HOLD]
        assert len(set(moved.tolist())) == 1
        shift = int(moved[0])
        shifts.add(shift)
        assert known[0, 0, 2] in (0, (2 + shift) % 12 + 1)
        for voice, (low, high) in zip(notes.T, LIMITS, strict=True):
            assert low <= voice[voice > HOLD].min() and voice.max() <= high
    assert len(shifts) > 3


def test_a_batch_depends_on_seed_and_epoch_alone():
    pieces = [Piece(str(n), random_notes(100, seed=n)) for n in range(6)]
    config = replace(TINY, data=DataConfig(crop=48, transpose=3))
    one, other = (VoiceBatches(config, pieces, LIMITS) for _ in range(2))
    for batch, same in zip(one.order(3), other.order(3), strict=True):
        for left, right in zip(one.arrays(batch), other.arrays(same), strict=True):
            np.testing.assert_array_equal(left, right)
    crops = [one.arrays((epoch, [0])) for epoch in range(60)]
    # Bars of 16 steps begin at 0, 16, 32, 48 and 64, where 36 steps are left. The last crop ends
    # with the piece, which is a condition, and every step of the piece is in a crop.
    assert {tokens.shape[1] for tokens, _, _ in crops} == {48, 36}
    ends = {(tokens.shape[1], known[0, -1, 1] == 0) for tokens, _, known in crops}
    assert ends == {(48, False), (36, True)}
    first = {tuple(one.arrays((epoch, [0]))[0][0, 0]) for epoch in range(12)}
    assert len(first) > 1


@pytest.mark.parametrize("bar, pickup", [(16, 4), (12, 0), (18, 6)])
def test_every_step_is_in_some_crop(bar, pickup):
    notes = np.arange(60, 60 + 61)[:, None] * np.ones([1, 4], np.int32)
    config = replace(TINY, data=DataConfig(crop=32, transpose=0))
    batches = VoiceBatches(config, [Piece("a", notes, bar, pickup)], [[60, 121]] * 4)
    seen = set()
    for epoch in range(60):
        tokens = batches.arrays((epoch, [0]))[0]
        seen |= {*voice_tokens.to_notes(tf.constant(tokens[0])).numpy()[:, 0].tolist()}
    assert seen == set(range(60, 121))


def test_a_crop_of_a_roll_keeps_what_sounds():
    roll = np.zeros([30, 88], np.uint8)
    roll[np.arange(30), np.arange(30)] = 1
    config = replace(TINY, data=DataConfig(crop=8, transpose=0))
    batches = RollBatches(config, [Piece("a", roll)], [[21, 108]])
    starts = set()
    for epoch in range(200):
        rolls, lengths = batches.arrays((epoch, [0]))
        start = int(rolls[0, 0].argmax())
        starts.add(start)
        np.testing.assert_array_equal(rolls[0], roll[start : start + 8])
        assert lengths.tolist() == [8]
    assert starts == set(range(23))


def test_rolls_are_transposed_inside_the_range():
    roll = np.zeros([5, 88], np.uint8)
    roll[:, [10, 20]] = 1
    config = replace(TINY, data=DataConfig(transpose=4))
    batches = RollBatches(config, [Piece("a", roll)], [[21 + 9, 21 + 22]])
    seen = {tuple(np.flatnonzero(batches.arrays((e, [0]))[0][0, 0])) for e in range(40)}
    assert seen == {(9, 19), (10, 20), (11, 21), (12, 22)}
