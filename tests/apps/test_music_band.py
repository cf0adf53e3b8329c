"""The band, MIDI input and output, and composition scores compared with those of the data."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

import data
from apps.music import dataset, midi_input
from apps.music.band import styles
from apps.music.band.arrangement import arrange
from apps.music.band.dataset import without_rests
from apps.music.band.network import LAYERS, own_style
from apps.music.composer import Composer
from apps.music.composition_scores import compose_like, measure_pieces
from apps.music.config import TINY, Config, DataConfig
from apps.music.output_files import write_files
from apps.music.piece import Piece
from apps.music.pipeline import Pipeline
from apps.music.request import Request
from apps.music.voices import decoding, voice_tokens
from apps.music.voices.batches import BandBatches
from apps.music.voices.conditions import step_conditions
from common.errors import UserError
from common.music import ABSENT, FREE, HOLD, measures, rolls
from data.readers import midi_files
from tests.apps.music_models import (
    FRAMES,
    LIMITS,
    make_band,
    make_composer,
    make_frames,
    random_notes,
)


@pytest.fixture(scope="module")
def band():
    return make_band()


@pytest.fixture(scope="module")
def composer():
    return make_composer()


@pytest.fixture(scope="module", params=["independent", "sequence"])
def frames(request):
    return make_frames(request.param)


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
    request = Request(bars=3, bar=12, style="jig", tempo=120, key="D")
    found = band("C5 D5 E5", request)
    assert found.notes.shape == (36, 5)
    assert found.notes[:12:4, 0].tolist() == [72, 74, 76]
    for column, allowed in zip(found.notes.T[1:], band.pipeline.limits[1:], strict=True):
        assert set(column.tolist()) <= {0, HOLD, *allowed}
    text = band.text(found)
    np.testing.assert_array_equal(band.read(text), found.notes)
    # Another melody changes the probabilities of the first chord.
    model, facts = band.pipeline.model.parts["chords"], tf.constant([[12, 0, 2, 0, 1, 1]])
    tunes = found.notes[:, :2].copy(), found.notes[:, :2].copy()
    tunes[1][:, 0] = 60
    for tune_notes in tunes:
        tune_notes[:, 1] = FREE
    steps = [
        decoding.step_function(
            model,
            voice_tokens.from_notes(tf.constant(notes[None])),
            step_conditions(36, facts),
            LIMITS[:2],
        )
        for notes in tunes
    ]
    for n, step in enumerate(steps):
        state = decoding.first_state(model, 1)
        _, state = step(tf.constant([2]), state)
        steps[n] = step(tf.constant([30]), state)[0].numpy()
    assert np.abs(steps[0] - steps[1]).max() > 1e-4
    with pytest.raises(UserError, match="choose one of jig, reel"):
        band("", Request(style="polka"))


def test_a_part_draws_for_itself(band):
    """The draws of different parts are independent at the same place."""
    time, takes = 32, 48
    notes = np.full([takes, time, 5], FREE, np.int32)
    facts = np.repeat([[16, 0, -1, -1, -1, -1]], takes, 0).astype(np.int32)
    same = make_band()  # a draw is only its noise
    for variable in same.pipeline.model.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    found = same.run(notes, facts, 1.0, (3, 0))[0].numpy()
    melody, chords = found[:, 1::2, 0], found[:, : time // 2, 1]  # the same numbers of draws
    kinds = [np.where(part > HOLD, 2, part) for part in (melody, chords)]
    table = np.zeros([3, 3])
    np.add.at(table, tuple(kind.ravel() for kind in kinds), 1)
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    assert ((table - expected) ** 2 / np.maximum(expected, 1)).sum() < 30  # chi-squared


def test_a_band_without_melodies_is_refused(monkeypatch):
    groove = {"drums": beat().notes[:, 2:], "kind": b"beat", "style": b"rock", "tempo": 120}
    rows = [groove | {"id": b"1"}]
    monkeypatch.setattr(data, "rows", lambda *_: rows)
    config = replace(TINY, model=replace(TINY.model, kind="band"))
    config = replace(config, data=DataConfig(name="band", config="groove"))
    with pytest.raises(data.DataError, match="groove has no melodies"):
        dataset.read_pieces(config, "train")


def test_a_roll_of_midi_keeps_every_note():
    def roll(*notes):
        track = SimpleNamespace(notes=[(start, end, 60) for start, end in notes])
        return midi_input.roll([track])[:, 39].tolist()

    assert roll((0, 1), (2, 4)) == [1, 0, 1, 1]
    assert roll((0, 1), (3.6, 3.9)) == [1, 0, 0, 1]
    assert roll((0.5, 1), (1.5, 2), (2.5, 3), (4, 5)) == [1, 1, 1, 0, 1]
    assert roll((0.4, 2.6), (4.5, 5.5)) == [1, 1, 1, 0, 0, 1]


def test_your_own_midi_files(tmp_path, capsys):
    from common.music import midi

    for n in range(8):
        notes = random_notes(64, seed=n)
        midi.write(tmp_path / f"{n}.mid", midi.voice_tracks(notes, "satb"), bar=12)
    midi.write(tmp_path / "solo.mid", midi.voice_tracks(random_notes(16, 1), "s"))
    (tmp_path / "0 (1).mid").write_bytes((tmp_path / "0.mid").read_bytes())
    config = replace(TINY, data=DataConfig(folder=str(tmp_path)))
    train, held, test = (
        dataset.read_pieces(config, split) for split in ("train", "validation", "test")
    )
    assert [len(train), len(held), len(test)] == [6, 1, 1] and train[0].bar == 12
    np.testing.assert_array_equal(rolls.sounding(held[0].notes), rolls.sounding(random_notes(64)))
    told = capsys.readouterr().err
    assert "1 left out: not four tracks (solo.mid)" in told
    assert "1 left out: the same as a file before (0.mid)" in told
    rolled = dataset.read_pieces(replace(config, model=FRAMES), "train")
    assert rolled[0].notes.shape == (16, 88)


# Files --------------------------------------------------------------------------------------


def test_files_of_a_chorale(composer, tmp_path):
    request = Request(bars=2, pickup=4)
    piece = composer("C5 D5 E5", request)
    write_files(str(tmp_path / "new" / "a"), composer, piece, request)
    found = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert found == ["a.mid", "a.musicxml", "a.png", "a.wav"]
    midi = midi_files.read(tmp_path / "new" / "a.mid")
    assert [track.name for track in midi.tracks] == ["Soprano", "Alto", "Tenor", "Bass"]
    soprano = midi_files.grid(midi.tracks[0].notes, 32)
    np.testing.assert_array_equal(soprano, piece.notes[:, 0])
    given, request = midi_input.read_midi(tmp_path / "new" / "a.mid", composer, Request())
    np.testing.assert_array_equal(given[:12, 0], piece.notes[:12, 0])
    assert (given[:, 1:] == FREE).all() and (request.metre, request.pickup) == (16, 4)


def test_a_tune_without_its_rests():
    """Bars of four steps: bars 1, 2, 5 and 6 are silent, the chords continue."""
    melody = [0] * 8 + [60, 1, 62, 1] + [0] * 12 + [64, 1, 1, 1]
    chords = [*[21, 1, 1, 1, 26], *[1] * 7, 28, *[1] * 7, 30, *[1] * 7]
    notes, pickup = without_rests(np.array([melody, chords]).T, 4, 0)
    assert notes[:, 0].tolist() == [60, 1, 62, 1, 0, 0, 0, 0, 64, 1, 1, 1] and pickup == 0
    assert notes[:, 1].tolist() == [26, 1, 1, 1, 28, 1, 1, 1, 30, 1, 1, 1]
    tune = np.array([[60, 1, 62, 1, 64, 1, 1, 1]]).T  # begins with an upbeat of two steps
    notes, pickup = without_rests(tune, 4, 2)
    assert notes.tolist() == tune.tolist() and pickup == 2


def test_a_layer_knows_only_styles_it_learnt():
    facts = tf.constant([[16, 0, 4, styles.style(name), 1, 2] for name in ("jig", "rock", "pop")])
    asked = facts[:, 3].numpy().tolist()
    assert own_style("melody", facts)[:, 3].numpy().tolist() == [asked[0], -1, asked[2]]
    assert own_style("drums", facts)[:, 3].numpy().tolist() == [-1, asked[1], -1]
    known = step_conditions(3, facts)
    for layer in LAYERS:
        expected = step_conditions(3, own_style(layer, facts))
        np.testing.assert_array_equal(own_style(layer, known, unknown=0), expected)


def test_tracks_of_the_band():
    notes = np.zeros([16, 5], np.int32)
    notes[0], notes[1:, :2] = (67, 21 + 12 + 4, 36, 38, 42), HOLD  # E minor
    melody, chords, bass, drums = arrange(notes)
    assert melody.notes == [(0, 16, 67)] and bass.notes == [(0, 16, 40, 76)]
    assert sorted(note[2] % 12 for note in chords.notes) == [4, 7, 11]
    assert drums.drums and [note[2] for note in drums.notes] == [36, 38, 42]


def test_drums_alone_are_not_a_melody(composer, tmp_path):
    from common.music import midi

    midi.write(tmp_path / "d.mid", [midi.Track("d", [(0, 1, 36)], drums=True)])
    with pytest.raises(UserError, match="only drums"):
        midi_input.read_midi(tmp_path / "d.mid", composer, Request())
    grace = [midi.Track("melody", [(0, 0.01, 60)])]
    midi.write(tmp_path / "d.mid", grace)
    with pytest.raises(UserError, match="lasts to the next sixteenth"):
        midi_input.read_midi(tmp_path / "d.mid", composer, Request())


def test_the_request_overrides_the_file(composer, tmp_path):
    from common.music import midi

    midi.write(tmp_path / "a.mid", midi.voice_tracks(random_notes(20), "satb"), bar=10, pickup=3)
    _, request = midi_input.read_midi(tmp_path / "a.mid", composer, Request())
    assert (request.metre, request.pickup) == (10, 3)
    _, request = midi_input.read_midi(tmp_path / "a.mid", composer, Request(bar=12, pickup=1))
    assert (request.metre, request.pickup) == (12, 1)
    with pytest.raises(UserError, match="4 quarters are requested, but 6 are given"):
        composer("G4:4 A4:2", Request(bars=1))
    for wrong in ({"temperature": float("nan")}, {"pickup": 16}, {"pickup": -1}):
        with pytest.raises(UserError, match=next(iter(wrong))):
            Request(**wrong)
    seen = []
    composer_like = Composer(composer.pipeline)
    composer_like.run = lambda notes, facts, *_: (
        seen.append(facts) or composer.run(notes, facts, *_)
    )
    composer_like("|||G2 C3 E3 G2 D3 F#3 A3")
    assert seen[0][0][2] >= 0  # the key of the bass


def jig_file(path, unit=8, tempo=132, late=False):
    """A melody in 6/8 whose tempo is on its own track, after one of chords."""
    from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo

    metre = MetaMessage("time_signature", numerator=6 * unit // 8, denominator=unit)
    melody = MidiTrack([MetaMessage("set_tempo", tempo=bpm2tempo(tempo))])
    for pitch in (72, 72, 74, 74, 76, 77):
        melody.append(Message("note_on", note=pitch, time=0))
        melody.append(Message("note_off", note=pitch, time=240))
    chords = MidiTrack([metre, Message("note_on", note=60, channel=1), *map(silence, (60,))])
    MidiFile(tracks=[chords, melody] if late else [melody, chords]).save(path)


def silence(pitch):
    from mido import Message

    return Message("note_off", note=pitch, channel=1, time=1440)


def test_tempo_and_metre_of_a_file_are_kept(composer, frames, tmp_path, capsys):
    jig_file(tmp_path / "a.mid")
    given, request = midi_input.read_midi(tmp_path / "a.mid", composer, Request())
    assert given[:, 0].tolist() == [72, 1, 72, 1, 74, 1, 74, 1, 76, 1, 77, 1]
    assert (request.metre, request.beat, round(request.quarters, 3)) == (12, 8, 132)
    assert "only its melody, 'track 0', channel 1, is read" in capsys.readouterr().err
    write_files(str(tmp_path / "b"), composer, composer.compose(given, request)[0], request)
    found = midi_files.read(tmp_path / "b.mid")
    assert (found.bar, found.unit, round(found.tempo, 3)) == (3, 8, 132)
    assert "<beats>6</beats>" in (tmp_path / "b.musicxml").read_text()
    jig_file(tmp_path / "c.mid", late=True)  # the tempo is on the second track
    rolled = Composer(Pipeline(Config(model=frames.config), frames, [[21, 108]]))
    _, request = midi_input.read_midi(tmp_path / "c.mid", rolled, Request())
    assert (request.metre, request.beat, round(request.quarters, 3)) == (12, 8, 132)
    own = Request(tempo=60, bar=8, unit=4, key="F")
    _, request = midi_input.read_midi(tmp_path / "a.mid", composer, own)
    assert (request.metre, request.beat, request.quarters, request.key) == (8, 4, 60, "F")
    jig_file(tmp_path / "d.mid", tempo=1000)
    capsys.readouterr()
    _, request = midi_input.read_midi(tmp_path / "d.mid", composer, Request())
    assert request.quarters == 90 and "1000 quarters a minute: 90" in capsys.readouterr().err


def test_key_and_style_are_written(band, composer, tmp_path):
    import mido

    request = Request(style="jig", key="Bm", bars=2)
    write_files(str(tmp_path / "a"), band, band("", request), request)
    head = mido.MidiFile(tmp_path / "a.mid").tracks[0]
    facts = {m.type: m for m in head}
    assert facts["key_signature"].key == "Bm"
    assert (facts["time_signature"].numerator, facts["time_signature"].denominator) == (6, 8)
    assert Request(style="slip jig").beat == 8 and Request(style="waltz").beat == 0
    request = Request(key="Eb", bars=1)
    write_files(str(tmp_path / "b"), composer, composer("", request), request)
    text = (tmp_path / "b.musicxml").read_text()
    assert "<fifths>-3</fifths>" in text and "<mode>major</mode>" in text


def test_changes_by_the_grid_are_reported(composer, frames, tmp_path, capsys):
    from common.music import midi

    fine = [midi.Track("melody", [(n / 2, (n + 1) / 2, 60 + n % 8) for n in range(32)])]
    midi.write(tmp_path / "a.mid", fine)
    midi_input.read_midi(tmp_path / "a.mid", composer, Request())
    told = capsys.readouterr().err
    assert "on the grid of sixteenths, of 32 notes 16 moved to it, 15 merged" in told
    midi.write(tmp_path / "b.mid", [midi.Track("melody", [(0, 4, 60), (4, 8, 62)])])
    midi_input.read_midi(tmp_path / "b.mid", composer, Request())
    assert "grid" not in capsys.readouterr().err
    rolled = Composer(Pipeline(Config(model=frames.config), frames, [[21, 108]]))
    midi_input.read_midi(tmp_path / "a.mid", rolled, Request())
    assert "on the grid of quarters, of 32 notes" in capsys.readouterr().err
    config = replace(TINY, model=FRAMES, data=DataConfig(folder=str(tmp_path)))
    dataset.read_pieces(config, "train")
    told = capsys.readouterr().err
    assert "1 changed by the grid of quarters (a.mid: of 32 notes" in told


def test_scores_are_compared_with_the_data(composer, band, frames):
    voices = [Piece(str(n), random_notes(40, seed=n)) for n in range(5)]
    composed, real = compose_like(composer, voices, 2, Request(seed=3))
    for made, notes in zip(composed, real, strict=True):
        np.testing.assert_array_equal(made[:, 0], notes[:, 0])  # the melody of that piece
        assert (made[:, 1:] != notes[:, 1:]).any()
    found = measure_pieces(composer, composed, real, voices)
    assert found["in_range"].value == 100 and found["longest_copy"].value < 40
    assert found["silence"].value != found["silence_data"].value > 0
    for side, group in (("", composed), ("_data", real)):  # the given voice is not scored
        values = [found[name + side].value for name in ("in_key", "self_repetition")]
        lower = [notes[:, 1:] for notes in group]
        expected = [100 * measure(lower) for measure in (measures.in_key, measures.self_repetition)]
        assert values == pytest.approx(expected)
    same = measure_pieces(composer, real, real, voices)
    assert same["longest_copy"].value == 40
    assert same["interval_histogram"].value == pytest.approx(100)
    whole = tune().notes.copy()
    whole[:, 2:] = beat().notes[:, 2:]
    composed, real = compose_like(band, [tune(), beat()], 1)
    assert len(composed) == 1 and len(real) == 2
    found = measure_pieces(band, [whole], real, [])
    assert found["chord_agreement"].value == found["chord_agreement_data"].value
    assert found["kicks_on_the_beat"].value == 100 == found["kicks_on_the_beat_data"].value
    rolled = Composer(Pipeline(Config(model=frames.config), frames, [[21, 108]]))
    roll = np.zeros([4, 88], np.uint8)
    roll[1:, [40, 44]] = 1
    found = measure_pieces(rolled, [roll], [roll], [])
    assert found["empty_frames"].value == 25 and found["notes_a_frame_data"].value == 1.5
