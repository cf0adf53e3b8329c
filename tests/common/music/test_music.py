"""Note code, notation, keys, rolls, measures and MIDI compared with numbers worked by hand."""

import io

import mido
import numpy as np
import pytest

from common.errors import UserError
from common.music import (
    FREE,
    HOLD,
    REST,
    keys,
    measures,
    midi,
    notation,
    pictures,
    rolls,
    sound,
    time_signature,
)

# Two voices: C5 for a quarter, D5 for an eighth, a rest; C4 held, then G3 and again G3.
PIECE = np.array(
    [[72, 60], [HOLD] * 2, [HOLD] * 2, [HOLD] * 2, [74, 55], [HOLD] * 2, [REST, 55], [REST, HOLD]]
)


def test_sounding_and_roll():
    pitches = rolls.sounding(PIECE)
    assert pitches[:, 0].tolist() == [72] * 4 + [74] * 2 + [0] * 2
    assert pitches[:, 1].tolist() == [60] * 4 + [55] * 4
    roll = rolls.roll(PIECE)
    assert roll.shape == (8, 88) and roll.sum() == 14
    assert roll[3, 72 - 21] == 1 and roll[4, 72 - 21] == 0
    assert rolls.pitch_classes(PIECE)[[0, 2, 7]].tolist() == [8, 2, 4]


def test_a_cut_begins_what_is_held():
    assert rolls.cut(PIECE, 5, 7).tolist() == [[74, 55], [REST, 55]]
    assert rolls.cut(PIECE, 0, 2).tolist() == PIECE[:2].tolist()


def test_notes_of_a_roll_sound_the_same():
    roll = (np.random.default_rng(0).random([40, 88]) < 0.05).astype(np.uint8)
    np.testing.assert_array_equal(rolls.roll(rolls.notes_of_roll(roll)), roll)


def test_notation_goes_both_ways():
    text = notation.write_voices(PIECE)
    assert text == "C5 D5:0.5 - | C4 G3:0.5 G3"
    np.testing.assert_array_equal(notation.read_voices(text, 2), PIECE)
    assert notation.read_voices("67 69:2", 2)[:, 0].tolist() == [67, 1, 1, 1, 69] + [HOLD] * 7
    assert (notation.read_voices("67", 2)[:, 1] == FREE).all()
    assert notation.read_voices("", 4).shape == (0, 4)
    roll = notation.read_frames("C4+E4 - 60")
    assert np.argwhere(roll).tolist() == [[0, 39], [0, 43], [2, 39]]
    assert notation.write_frames(roll) == "C4+E4 - C4"
    band = notation.read_voices("G4 A4|Em7:2|kick:0.25", 3, ("melody", "chords", "kick"))
    assert band[0].tolist() == [67, 21 + 36 + 4, 36]
    assert notation.write_voice([21 + 36 + 4, HOLD], "chords") == "Em7:0.5"


@pytest.mark.parametrize(
    ("text", "told"),
    [("H4", "not a note"), ("C9", "A0 to C8"), ("C4:x", "no valid length"), ("C4|D4|E4", "has 2")],
)
def test_bad_notation(text, told):
    with pytest.raises(UserError, match=told):
        notation.read_voices(text, 2)


def test_keys():
    assert keys.name(keys.parse("bb")) == "Bbm" and keys.parse("F#m") == 18
    for key in range(24):
        assert keys.parse(keys.name(key)) == key
        weights = keys.MAJOR if key < 12 else keys.MINOR
        assert keys.estimate(np.roll(weights, key % 12)) == key
    assert keys.transpose(keys.parse("Bm"), 3) == keys.parse("Dm")
    assert [keys.fifths(keys.parse(k)) for k in ("C", "G", "F", "Bm", "Cm", "Eb")] == [
        *(0, 1, -1, 2),
        *(-3, -3),
    ]
    with pytest.raises(UserError, match="choose one of C, C#"):
        keys.parse("H")


def test_signatures_are_those_that_were_typed():
    """Sharps, or minus the flats, and whether it is minor."""
    typed = {"C": 0, "D": 2, "Bb": -2, "C#": 7, "Db": -5, "Gb": -6, "F#": 6, "Cb": -7}
    typed |= {"Bm": 2, "b": 2, "F#m": 3, "Ebm": -6, "D# minor": 6, "Abm": -7, "A♭": -4}
    for text, fifths in typed.items():
        assert keys.signature(text) == (fifths, keys.parse(text) >= 12), text
    assert keys.signature("G#") == (-4, False)  # has 8 sharps
    for name in (*midi.MAJORS, *midi.MINORS):
        fifths, minor = keys.signature(name)
        assert (midi.MINORS if minor else midi.MAJORS)[fifths + 7] == name


def test_time_signatures():
    assert time_signature(16) == (4, 4) and time_signature(12) == (3, 4)
    assert time_signature(12, 8) == (6, 8) and time_signature(16, 2) == (2, 2)
    assert time_signature(18) == (9, 8) and time_signature(7) == (7, 16)
    assert time_signature(6, 4) == (3, 8) and time_signature(16, 1) == (1, 1)


def test_parallel_fifths_by_hand():
    """C-G to D-A is a parallel; C-G to G-D by contrary motion and a repeated fifth are not."""
    parallel = np.array([[67, 60], [69, 62]])
    assert measures.parallel_fifths([parallel]) == 100
    assert measures.parallel_fifths([np.array([[67, 60], [62, 67]])]) == 0
    assert measures.parallel_fifths([np.array([[67, 60], [67, 60]])]) == 0
    assert measures.parallel_fifths([np.array([[72, 60], [74, 62]])]) == 100  # octaves


def test_measures_by_hand():
    crossed = np.array([[60, 55], [60, 64]])
    assert measures.voice_crossings([crossed]) == 0.5
    assert measures.silence([PIECE]) == 2 / 16
    assert measures.longest_note([PIECE]) == 4
    assert measures.in_range([PIECE], [[72, 80], [56, 60]]) == 3 / 5
    assert measures.overlap([0.5, 0.5, 0], [0, 0.5, 0.5]) == 0.5
    scale = np.array([[60], [62], [64], [65], [67], [69], [71], [61]])
    assert measures.in_key([scale]) == 7 / 8
    histogram = measures.interval_histogram([scale])
    assert histogram[12 + 2] == 5 / 7 and histogram[12 - 10] == 1 / 7
    again = np.tile(scale, (4, 1))
    assert measures.self_repetition([again], 8) == pytest.approx(5 / 7)
    chords = np.array([[60, 21], [62, HOLD], [64, HOLD], [65, 21 + 24 + 7]])  # C, then G7
    assert measures.chord_agreement([chords]) == 3 / 4
    assert measures.on_the_beat([np.array([36, 0, 0, 0, 36, 0, 36, 0])]) == 2 / 3


def test_longest_copy_is_found():
    random = np.random.default_rng(1)
    training = [random.integers(50, 80, [60, 4]) for _ in range(3)]
    piece = random.integers(50, 80, [40, 4])
    piece[5:22] = training[1][30:47]
    assert measures.longest_copy([piece], training) == 17


def test_midi_has_names_programs_and_bars():
    tracks = midi.voice_tracks(PIECE, ("Soprano", "Bass"))
    assert tracks[1].notes == [(0, 4, 60), (4, 6, 55), (6, 8, 55)]
    tracks.append(midi.Track("Drums", [(0, 1, 36)], drums=True))
    content = io.BytesIO()
    midi.to_mido(tracks, tempo=120, bar=12, pickup=4).save(file=content)
    content.seek(0)
    file = mido.MidiFile(file=content)
    assert [track.name for track in file.tracks[1:]] == ["Soprano", "Bass", "Drums"]
    metres = [m for m in file.tracks[0] if m.type == "time_signature"]
    assert [(m.numerator, m.denominator) for m in metres] == [(1, 4), (3, 4)]
    assert [m.program for m in file.tracks[1] if m.type == "program_change"] == [52]
    assert {m.channel for m in file.tracks[3] if m.type == "note_on"} == {9}
    assert file.length == pytest.approx(1.0)  # two quarters at 120


def test_sound_has_the_pitch(tmp_path):
    samples = sound.synthesise([midi.Track("a", [(0, 16, 69)])], tempo=60)
    spectrum = np.abs(np.fft.rfft(samples[: sound.RATE]))
    assert abs(int(spectrum.argmax()) - 440) <= 2  # a second: bins are hertz
    assert 0 < np.abs(samples).max() <= 1
    drums = [midi.Track("d", [(0, 1, 36), (4, 5, 42)], drums=True)]
    sound.write(tmp_path / "x.wav", drums, 120)
    assert (tmp_path / "x.wav").read_bytes()[:4] == b"RIFF"


def test_pictures_are_drawn(tmp_path):
    tracks = [*midi.voice_tracks(PIECE, "ab"), midi.Track("drums", [(0, 1, 36)], drums=True)]
    pictures.piano_roll(tmp_path / "x.png", tracks, bar=4)
    pictures.piano_roll(tmp_path / "empty.png", [midi.Track("none", [])])
    assert (tmp_path / "x.png").stat().st_size > (tmp_path / "empty.png").stat().st_size > 1000


def test_score_reads_back():
    from music21 import converter

    from common.music import musicxml

    text = musicxml.to_musicxml(midi.voice_tracks(PIECE, ("Soprano", "Bass")), bar=16)
    score = converter.parseData(text.decode(), format="musicxml")
    found = [[note.pitch.midi for note in part.flatten().notes] for part in score.parts]
    assert found == [[72, 74], [60, 55, 55]]


def test_key_and_metre_are_written(tmp_path):
    from music21 import converter

    from common.music import musicxml
    from data.readers import midi_files

    tracks = midi.voice_tracks(PIECE, ("Soprano", "Bass"))
    for fifths, minor, name in ((2, False, "D"), (-6, True, "Ebm"), (7, False, "C#")):
        midi.write(tmp_path / "x.mid", tracks, 100.5, 12, 2, 8, (fifths, minor))
        head = mido.MidiFile(tmp_path / "x.mid").tracks[0]
        assert [m.key for m in head if m.type == "key_signature"] == [name]
        metres = [(m.numerator, m.denominator) for m in head if m.type == "time_signature"]
        assert metres == [(1, 8), (6, 8)]
        found = midi_files.read(tmp_path / "x.mid")
        assert (found.bar, found.unit, found.pickup, found.mended) == (3, 8, 0.5, {})
        assert found.tempo == pytest.approx(100.5, abs=1e-4)
        text = musicxml.to_musicxml(tracks, 12, 2, 100.5, 8, (fifths, minor)).decode()
        score = converter.parseData(text, format="musicxml").parts[0].flatten()
        signature = score.keySignature
        assert (signature.sharps, signature.mode) == (fifths, "minor" if minor else "major")
        assert score.timeSignature.ratioString == "6/8"
        assert score.getElementsByClass("MetronomeMark")[0].number == 100.5
    head = midi.to_mido(tracks).tracks[0]
    assert not [m for m in head if m.type == "key_signature"]
