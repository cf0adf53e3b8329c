"""The music models: the measure by hand, steps against likelihoods, masks, given voices."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from apps.music import data, files, scores, styles, voice_steps
from apps.music import tokens as code
from apps.music.band import LAYERS, own_style
from apps.music.batches import RollBatches
from apps.music.composer import Composer
from apps.music.config import TINY, Config, DataConfig
from apps.music.data import Piece
from apps.music.frame_tokens import FIRST, frame_tokens
from apps.music.frames import Frames
from apps.music.likelihood import Likelihood
from apps.music.model import make_model
from apps.music.pipeline import Pipeline
from apps.music.voice_batches import BandBatches, VoiceBatches
from apps.music.wish import Wish
from common.decoding import sample
from common.errors import UserError
from common.music import ABSENT, FREE, HOLD, measures, rolls
from data import midi_files

FRAMES = replace(TINY.model, kind="frames")
SEQUENCE = replace(FRAMES, notes="sequence")
LIMITS = [[60, 79], [55, 72], [48, 67], [40, 60]]


def random_notes(time, voices=4, seed=0):
    """Note code with holds and rests, within LIMITS."""
    random = np.random.default_rng(seed)
    low = np.array([pair[0] for pair in LIMITS[:voices]])
    notes = low + random.integers(0, 8, [time, voices])
    kind = random.random([time, voices])
    notes = np.where(kind < 0.15, 0, notes)
    for step in range(1, time):
        holds = (kind[step] > 0.5) & (notes[step - 1] > 0)
        notes[step] = np.where(holds, HOLD, notes[step])
    return notes.astype(np.int32)


def random_roll(time, seed=0):
    return (np.random.default_rng(seed).random([time, 88]) < 0.04).astype(np.uint8)


@pytest.fixture(scope="module", params=["independent", "sequence"])
def frames(request):
    return Frames(replace(FRAMES, notes=request.param))


@pytest.fixture(scope="module")
def composer():
    config = replace(TINY, model=replace(TINY.model, units=16))
    return Composer(Pipeline(config, make_model(config.model, 4), LIMITS))


@pytest.fixture(scope="module")
def band():
    config = replace(TINY, model=replace(TINY.model, kind="band"))
    limits = [[60, 79], [21, 28, 30, 33], [36, 36], [38, 43, 47], [42, 46, 49]]
    return Composer(Pipeline(config, make_model(config.model, 5), limits))


# The published measure ------------------------------------------------------------------------


def test_marginal_model_by_hand():
    """Two keys; key 0 sounds in 3 of 4 training frames, key 1 in 1 of 4."""
    train = np.zeros([4, 88], np.uint8)
    train[:3, 0], train[0, 1] = 1, 1
    test = np.zeros([3, 88], np.uint8)
    test[1, 0], test[2, 0], test[2, 1] = 1, 1, 1
    silent = 86 * -np.log(1 - scores.LEAST)
    second = -np.log(0.75) - np.log(0.75)  # key 0 on, key 1 off
    third = -np.log(0.75) - np.log(0.25)
    pieces = [Piece("a", test)]
    found = scores.marginal_nll([Piece("t", train)], pieces)
    assert found == pytest.approx((second + third) / 2 + silent, abs=1e-6)


def test_measure_scores_frames_2_to_the_end(frames):
    """Sum over keys, mean over scored frames of all pieces; neither padding nor batches move it."""
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
    """Of a model in sequence, over all sets of the 3 lowest keys plus those with others: at most 1,
    and exactly 1 once all other keys are forbidden."""
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
    assert frame_tokens(tf.constant(roll)).numpy().tolist() == [[7, 10, 4], [4, 0, 0]]


def test_what_is_sampled_has_the_probability_that_is_scored(frames):
    found = sample(
        frames.step(tf.zeros([3, 0], tf.int32), 7), frames.first_state(3), 3, 120, seed=(1, 2)
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
    found = made.compose(roll, Wish(bars=5, bar=1))[0].notes
    np.testing.assert_array_equal(found[:4], roll)


def test_roll_goes_on_from_its_primer(frames):
    config = Config(model=frames.config)
    made = Composer(Pipeline(config, frames, [[21, 108]]))
    primer = random_roll(5)
    first, second = made.compose(primer, Wish(bars=12, bar=1), takes=2)
    assert first.notes.shape == (12, 88)
    np.testing.assert_array_equal(first.notes[:5], primer)
    assert (first.notes != second.notes).any()
    again = made.compose(primer, Wish(bars=12, bar=1), takes=2)
    np.testing.assert_array_equal(second.notes, again[1].notes)


# Voices -------------------------------------------------------------------------------------


def test_holds_know_their_note():
    tokens = tf.constant([[9, 4, 4, 5, 12, 4]])
    v = code.VOCAB
    assert code.resolved(tokens[..., None])[0, :, 0].numpy().tolist() == [
        *(9, v + 9, v + 9),
        *(5, 12, v + 12),
    ]
    notes = random_notes(50)
    np.testing.assert_array_equal(code.from_code(tf.constant(notes)), code.token_array(notes))
    np.testing.assert_array_equal(code.to_code(code.token_array(notes)), notes)


def test_conditions_in_the_graph_and_in_numpy():
    facts = [[16, 4, 2, -1, 3, 0], [12, 0, -1, 5, -1, 2]]
    both = code.conditions(40, tf.constant(facts)).numpy()
    for row, fact in zip(both, facts, strict=True):
        np.testing.assert_array_equal(row, code.condition_array(40, fact))
    assert both[0, :6, 0].tolist() == [12, 13, 14, 15, 0, 1]
    assert both[1, :3, 0].tolist() == [16, 17, 18] and both[0, 39, 1] == 0


def test_composing_has_the_probability_that_is_scored(composer):
    """For nothing given, soprano given, and two inner voices given."""
    notes, model = random_notes(12, seed=3), composer.pipeline.model
    wide = [[21, 108]] * 4
    facts = tf.constant([[16, 0, 4]])
    for given in ([0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0]):
        asked = np.where(np.array(given) == 1, notes, FREE)[None]
        given_tokens = code.from_code(tf.constant(asked))
        step = voice_steps.steps(model, given_tokens, code.conditions(12, facts), wide)
        found = sample(step, voice_steps.first_state(model, 1), 1, 48, seed=(3, 4))
        chosen = code.to_code(tf.reshape(found.tokens, [1, 12, 4]))
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
        known[:, voice:] = before[:, voice:]  # not chosen yet
        masks = code.parallel(
            tf.constant(before, tf.int32), tf.constant(known, tf.int32), tf.constant(voice)
        ).numpy()
        assert not masks[:, : code.FIRST].any()
        for row, mask in enumerate(masks):
            for pitch in range(57, 73):
                chosen = known[row].copy()
                chosen[voice] = pitch
                two = np.stack([before[row], chosen])
                rest = np.delete(two, voice, 1)
                counts = [measures.parallel_fifths([piece]) > 0 for piece in (two, rest)]
                if not counts[1]:  # those of the other voices are not this one's
                    wrong += counts[0] != mask[pitch - 21 + code.FIRST]
                    found += counts[0]
    assert wrong == 0 and found > 10


@pytest.mark.parametrize("line", ["", "C5 D5 E5 F5 G5 A5 G5 F5", "|||C3 D3 E3 F3 G3 F3 E3 D3"])
def test_parallels_are_composed_only_when_asked_for(composer, line):
    """The network is untrained: left alone, it writes many."""
    pipeline, wish = composer.pipeline, Wish(temperature=1.5, bars=8)
    free = Pipeline(replace(pipeline.config, parallels=True), pipeline.model, LIMITS)
    strict, loose = (
        made.compose(made.read(line), wish)[0].notes for made in (composer, Composer(free))
    )
    assert measures.parallel_fifths([strict]) == 0 < measures.parallel_fifths([loose])


def test_a_form_repeats_its_sections(composer):
    piece = composer("C5:2 D5:0.5", Wish(form="ABAC", bars=2, bar=8))[0]
    sections = piece.reshape(4, 16, 4)
    np.testing.assert_array_equal(sections[0], sections[2])
    assert (sections[0] != sections[1]).any() and (sections[1] != sections[3]).any()
    assert sections[0][:10, 0].tolist() == [72, 1, 1, 1, 1, 1, 1, 1, 74, 1]
    assert (sections[:, 0] != HOLD).all()
    assert len(composer("", Wish(form="AAB")).notes) == 3 * 8 * 16
    with pytest.raises(UserError, match="AABA"):
        Wish(form="A-B")


def test_a_given_note_ends_where_it_ends(composer):
    for seed in range(6):  # an untrained model holds it every few times
        piece = composer("G4:1 | D4:0.5", Wish(bars=1, seed=seed)).notes
        assert piece[:4, 0].tolist() == [67, 1, 1, 1] and piece[4, 0] != HOLD
        assert piece[:2, 1].tolist() == [62, 1] and piece[2, 1] != HOLD


def test_padding_and_batches_move_no_likelihood(composer):
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
    for piece in composer.compose(composer.read(""), Wish(bars=3, temperature=2.0), takes=2):
        assert piece.notes.shape == (48, 4)
        for voice, (low, high) in zip(rolls.sounding(piece.notes).T, LIMITS, strict=True):
            sounding = voice[voice > 0]
            assert low <= sounding.min() and sounding.max() <= high


def test_composed_pieces_have_the_probability_that_is_scored(composer):
    """Ranges and the rule on parallels take away what may be chosen, not probability."""
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
    assert composer.text(composer(line, Wish(seed=2))) != found
    np.testing.assert_array_equal(composer.read(found), composer(line).notes)
    with pytest.raises(UserError, match="C7 is outside the range of the soprano, C4 to G5"):
        composer.check(composer.read("C7"))
    with pytest.raises(UserError, match="knows no styles"):
        composer("C5", Wish(style="jig"))


# Batches ------------------------------------------------------------------------------------


def test_transposition_stays_in_range_and_moves_the_key():
    pieces = [Piece("a", random_notes(40), key=2)]
    config = replace(TINY, data=DataConfig(transpose=12, crop=0))
    batches = VoiceBatches(config, pieces, LIMITS)
    shifts = set()
    for epoch in range(30):
        tokens, _, known = batches.arrays((epoch, [0]))
        notes = code.to_code(tf.constant(tokens[0])).numpy()
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
    tokens = one.arrays(one.order(0)[0])[0]
    assert tokens.shape[1] == 48
    remaining = {one.arrays((epoch, [0]))[2][0, -1, 1] for epoch in range(12)}
    assert 0 not in remaining and len(remaining) > 1  # a crop's end is not that of the piece
    first = {tuple(one.arrays((epoch, [0]))[0][0, 0]) for epoch in range(12)}
    assert len(first) > 1


def test_rolls_are_transposed_inside_the_range():
    roll = np.zeros([5, 88], np.uint8)
    roll[:, [10, 20]] = 1
    config = replace(TINY, data=DataConfig(transpose=4))
    batches = RollBatches(config, [Piece("a", roll)], [[21 + 9, 21 + 22]])
    seen = {tuple(np.flatnonzero(batches.arrays((e, [0]))[0][0, 0])) for e in range(40)}
    assert seen == {(9, 19), (10, 20), (11, 21), (12, 22)}


# The band -----------------------------------------------------------------------------------


def tune(time=40, seed=0):
    notes = np.full([time, 5], ABSENT, np.int32)
    notes[:, 0] = random_notes(time, 1, seed)[:, 0]
    notes[:, 1] = HOLD
    notes[::8, 1] = 28
    return Piece("tune", notes, 16, 0, 7, more=(0, -1, 1))


def beat(time=40):
    notes = np.full([time, 5], ABSENT, np.int32)
    notes[:, 2:] = 0
    notes[::4, 2], notes[4::8, 3], notes[::2, 4] = 36, 38, 42
    return Piece("beat", notes, more=(9, 2, 2))


def test_band_layers_learn_from_their_own_sets(band):
    model, config = band.pipeline.model, band.pipeline.config
    batches = BandBatches(config, [tune(), beat(), tune(30, 1)], band.pipeline.limits, False)
    assert sorted(tuple(numbers.tolist()) for _, numbers in batches.order(0)) == [(1,), (2, 0)]
    rows = model.layer_losses(batches.arrays((0, [2, 0]))).numpy()
    assert rows[:, 1].tolist() == [70, 70, 0]  # melody, chords given the melody, no drums
    rows = model.layer_losses(batches.arrays((0, [1]))).numpy()
    assert rows[:, 1].tolist() == [0, 0, 120]


def test_band_composes_melody_then_chords_then_drums(band):
    wish = Wish(bars=3, bar=12, style="jig", tempo=120, key="D")
    found = band("C5 D5 E5", wish)
    assert found.notes.shape == (36, 5)
    assert found.notes[:12:4, 0].tolist() == [72, 74, 76]
    for column, allowed in zip(found.notes.T[1:], band.pipeline.limits[1:], strict=True):
        assert set(column.tolist()) <= {0, HOLD, *allowed}
    text = band.text(found)
    np.testing.assert_array_equal(band.read(text), found.notes)
    # Another melody gives the first chord other probabilities.
    model, facts = band.pipeline.model.parts["chords"], tf.constant([[12, 0, 2, 0, 1, 1]])
    tunes = found.notes[:, :2].copy(), found.notes[:, :2].copy()
    tunes[1][:, 0] = 60
    for tune_notes in tunes:
        tune_notes[:, 1] = FREE
    steps = [
        voice_steps.steps(
            model,
            code.from_code(tf.constant(notes[None])),
            code.conditions(36, facts),
            LIMITS[:2],
        )
        for notes in tunes
    ]
    for n, step in enumerate(steps):
        state = voice_steps.first_state(model, 1)
        _, state = step(tf.constant([2]), state)
        steps[n] = step(tf.constant([30]), state)[0].numpy()
    assert np.abs(steps[0] - steps[1]).max() > 1e-4
    with pytest.raises(UserError, match="choose one of jig, reel"):
        band("", Wish(style="polka"))


def test_people_s_own_midi_files(tmp_path, capsys):
    from common.music import midi

    for n in range(8):
        notes = random_notes(64, seed=n)
        midi.write(tmp_path / f"{n}.mid", midi.voice_tracks(notes, "satb"), bar=12)
    midi.write(tmp_path / "solo.mid", midi.voice_tracks(random_notes(16, 1), "s"))
    config = replace(TINY, data=DataConfig(folder=str(tmp_path)))
    train, held, test = (
        data.read_pieces(config, split) for split in ("train", "validation", "test")
    )
    assert [len(train), len(held), len(test)] == [6, 1, 1] and train[0].bar == 12
    np.testing.assert_array_equal(rolls.sounding(held[0].notes), rolls.sounding(random_notes(64)))
    assert "1 left out: not four tracks (solo.mid)" in capsys.readouterr().err
    rolled = data.read_pieces(replace(config, model=FRAMES), "train")
    assert rolled[0].notes.shape == (16, 88)


# Files --------------------------------------------------------------------------------------


def test_files_of_a_chorale(composer, tmp_path):
    wish = Wish(bars=2, pickup=4)
    piece = composer("C5 D5 E5", wish)
    files.write_files(str(tmp_path / "new" / "a"), composer, piece, wish)
    found = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert found == ["a.mid", "a.musicxml", "a.png", "a.wav"]
    midi = midi_files.read(tmp_path / "new" / "a.mid")
    assert [track.name for track in midi.tracks] == ["Soprano", "Alto", "Tenor", "Bass"]
    soprano = midi_files.grid(midi.tracks[0].notes, 32)
    np.testing.assert_array_equal(soprano, piece.notes[:, 0])
    given, wish = files.read_midi(tmp_path / "new" / "a.mid", composer, Wish())
    np.testing.assert_array_equal(given[:12, 0], piece.notes[:12, 0])
    assert (given[:, 1:] == FREE).all() and (wish.metre, wish.pickup) == (16, 4)


def test_a_tune_without_its_rests():
    """Bars of four steps: the first two and the fifth and sixth are silent, chords go on."""
    melody = [0] * 8 + [60, 1, 62, 1] + [0] * 12 + [64, 1, 1, 1]
    chords = [*[21, 1, 1, 1, 26], *[1] * 7, 28, *[1] * 7, 30, *[1] * 7]
    notes, pickup = data.without_rests(np.array([melody, chords]).T, 4, 0)
    assert notes[:, 0].tolist() == [60, 1, 62, 1, 0, 0, 0, 0, 64, 1, 1, 1] and pickup == 0
    assert notes[:, 1].tolist() == [26, 1, 1, 1, 28, 1, 1, 1, 30, 1, 1, 1]
    tune = np.array([[60, 1, 62, 1, 64, 1, 1, 1]]).T  # begins with an upbeat of two steps
    notes, pickup = data.without_rests(tune, 4, 2)
    assert notes.tolist() == tune.tolist() and pickup == 2


def test_a_layer_hears_only_of_styles_that_it_learnt():
    facts = tf.constant([[16, 0, 4, styles.style(name), 1, 2] for name in ("jig", "rock", "pop")])
    asked = facts[:, 3].numpy().tolist()
    assert own_style("melody", facts)[:, 3].numpy().tolist() == [asked[0], -1, asked[2]]
    assert own_style("drums", facts)[:, 3].numpy().tolist() == [-1, asked[1], -1]
    known = code.conditions(3, facts)
    for layer in LAYERS:
        expected = code.conditions(3, own_style(layer, facts))
        np.testing.assert_array_equal(own_style(layer, known, unknown=0), expected)


def test_tracks_of_the_band():
    notes = np.zeros([16, 5], np.int32)
    notes[0], notes[1:, :2] = (67, 21 + 12 + 4, 36, 38, 42), HOLD  # E minor
    melody, chords, bass, drums = files.band_tracks(notes)
    assert melody.notes == [(0, 16, 67)] and bass.notes == [(0, 16, 40, 76)]
    assert sorted(note[2] % 12 for note in chords.notes) == [4, 7, 11]
    assert drums.drums and [note[2] for note in drums.notes] == [36, 38, 42]


def test_drums_alone_are_no_melody(composer, tmp_path):
    from common.music import midi

    midi.write(tmp_path / "d.mid", [midi.Track("d", [(0, 1, 36)], drums=True)])
    with pytest.raises(UserError, match="only drums"):
        files.read_midi(tmp_path / "d.mid", composer, Wish())
    grace = [midi.Track("melody", [(0, 0.01, 60)])]
    midi.write(tmp_path / "d.mid", grace)
    with pytest.raises(UserError, match="lasts to the next sixteenth"):
        files.read_midi(tmp_path / "d.mid", composer, Wish())


def test_what_is_asked_for_goes_before_what_is_found(composer, tmp_path):
    from common.music import midi

    midi.write(tmp_path / "a.mid", midi.voice_tracks(random_notes(20), "satb"), bar=10, pickup=3)
    _, wish = files.read_midi(tmp_path / "a.mid", composer, Wish())
    assert (wish.metre, wish.pickup) == (10, 3)
    _, wish = files.read_midi(tmp_path / "a.mid", composer, Wish(bar=12, pickup=1))
    assert (wish.metre, wish.pickup) == (12, 1)
    with pytest.raises(UserError, match="4 quarters are asked for, and 6 are given"):
        composer("G4:4 A4:2", Wish(bars=1))
    for wrong in ({"temperature": float("nan")}, {"pickup": 16}, {"pickup": -1}):
        with pytest.raises(UserError, match=next(iter(wrong))):
            Wish(**wrong)
    seen = []
    composer_like = Composer(composer.pipeline)
    composer_like.run = lambda notes, facts, *_: (
        seen.append(facts) or composer.run(notes, facts, *_)
    )
    composer_like("|||G2 C3 E3 G2 D3 F#3 A3")
    assert seen[0][0][2] >= 0  # the key of the bass


def test_scores_stand_beside_those_of_the_data(composer, band, frames):
    voices = [Piece(str(n), random_notes(40, seed=n)) for n in range(5)]
    composed, real = scores.compose(composer, voices, 2, Wish(seed=3))
    for made, notes in zip(composed, real, strict=True):
        np.testing.assert_array_equal(made[:, 0], notes[:, 0])  # the melody of that very piece
        assert (made[:, 1:] != notes[:, 1:]).any()
    found = scores.music(composer, composed, real, voices)
    assert found["in_range"].value == 100 and found["longest_copy"].value < 40
    assert found["silence"].value != found["silence_data"].value > 0
    for side, group in (("", composed), ("_data", real)):  # the given voice says nothing
        values = [found[name + side].value for name in ("in_key", "self_repetition")]
        lower = [notes[:, 1:] for notes in group]
        expected = [100 * measure(lower) for measure in (measures.in_key, measures.self_repetition)]
        assert values == pytest.approx(expected)
    same = scores.music(composer, real, real, voices)
    assert same["longest_copy"].value == 40
    assert same["interval_histogram"].value == pytest.approx(100)
    whole = tune().notes.copy()
    whole[:, 2:] = beat().notes[:, 2:]
    composed, real = scores.compose(band, [tune(), beat()], 1)
    assert len(composed) == 1 and len(real) == 2
    found = scores.music(band, [whole], real, [])
    assert found["chord_agreement"].value == found["chord_agreement_data"].value
    assert found["kicks_on_the_beat"].value == 100 == found["kicks_on_the_beat_data"].value
    rolled = Composer(Pipeline(Config(model=frames.config), frames, [[21, 108]]))
    roll = np.zeros([4, 88], np.uint8)
    roll[1:, [40, 44]] = 1
    found = scores.music(rolled, [roll], [roll], [])
    assert found["empty_frames"].value == 25 and found["notes_a_frame_data"].value == 1.5
