"""The music sets on small raw files made here, chorales from music21, your own MIDI files."""

import io
import tarfile
import zipfile

import mido
import numpy as np
import pytest

import data
from data import DataError
from data.chorales import musicxml, versions
from data.readers import chords, midi_files


def midi(*tracks, kind=1, metre=(4, 4), channel=0):
    """Bytes of a file; a track is (name, [(start, end, pitch), ...]), in quarters."""
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    for number, (name, notes) in enumerate(tracks):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        if not number:
            top, bottom = metre
            track.append(mido.MetaMessage("time_signature", numerator=top, denominator=bottom))
        events = [event for s, e, pitch in notes for event in ((s, 80, pitch), (e, 0, pitch))]
        now = 0
        for at, velocity, pitch in sorted(events, key=lambda event: event[0]):
            ticks = round(480 * (at - now))
            track.append(
                mido.Message("note_on", note=pitch, velocity=velocity, time=ticks, channel=channel)
            )
            now = at
        file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    return content.getvalue()


TUNE = [(n, n + 1, pitch) for n, pitch in enumerate((67, 69, 71, 72, 71, 69, 67, 62))]


def tar(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture
def raw(tmp_path, monkeypatch):
    folder = tmp_path / "raw"
    for name in ("polyphonic_music", "nottingham", "groove", "pop909"):
        (folder / name).mkdir(parents=True)
    monkeypatch.setenv("RAW_DATA", str(folder))
    return folder


def rows(name, config, split, folder):
    return list(data.rows(name, config, split, folder))


def test_polyphonic(raw, tmp_path):
    import scipy.io

    rolls = {}
    for key, count in (("traindata", 3), ("validdata", 2), ("testdata", 1)):
        cells = np.empty([1, count], object)
        for n in range(count):
            cells[0, n] = np.eye(88, dtype=np.uint8)[n : n + 5]
        rolls[key] = cells
    scipy.io.savemat(raw / "polyphonic_music" / "JSB_Chorales.mat", rolls)
    found = rows("polyphonic", "jsb", "train", tmp_path)
    assert len(found) == 3 and found[1]["roll"].dtype == np.uint8
    np.testing.assert_array_equal(found[1]["roll"], np.eye(88)[1:6])
    (raw / "polyphonic_music" / "Nottingham.mat").write_bytes(b"not a matrix")
    with pytest.raises(DataError, match="Nottingham.mat is a damaged"):
        data.builder("polyphonic", "nottingham", tmp_path)


def test_nottingham(raw, tmp_path):
    chord = [(4, 6, p) for p in (43, 47, 50)] + [(6, 8, p) for p in (38, 42, 45, 48)]
    melody = [(3, 4, 62), *((s + 4, e + 4, p) for s, e, p in TUNE[:4])]
    content = midi(("a", melody), ("b", chord))
    files = {f"MIDI/jigs{n}.mid": content for n in range(40)}
    early = [(1, 6, p) for p in (43, 47, 50)]  # sounds before the melody begins
    files |= {f"MIDI/reels{n}.mid": midi(("a", melody), ("b", early)) for n in range(40)}
    files["MIDI/xmas1.mid"] = midi(("a", TUNE))  # no chords
    files["MIDI/melody/jigs1.mid"] = b"not looked at"
    tar(raw / "nottingham" / "nottingham_midi.tar.gz", files)
    splits = [rows("nottingham", None, split, tmp_path) for split in data.SPLITS]
    assert sum(map(len, splits)) == 80 and all(splits)
    row = next(row for row in splits[0] if row["style"] == b"reel")
    assert row["chords"].tolist() == [28] + [1] * 11 + [0] * (len(row["chords"]) - 12)
    row = next(row for row in splits[0] if row["style"] == b"jig")
    assert row["bar"] == 16 and row["pickup"] == 4
    assert row["melody"][:8].tolist() == [62, 1, 1, 1, 67, 1, 1, 1]
    assert row["chords"][:14].tolist() == [0] * 4 + [28] + [1] * 7 + [21 + 24 + 2, 1]
    made = data.builder("nottingham", None, tmp_path)
    assert made.info.metadata["left out"]["no chords"] == 1


def test_groove(raw, tmp_path):
    hits = [(0, 0.1, 36), (0, 0.1, 22), (1.02, 1.1, 40), (2, 2.1, 36), (3, 3.1, 38), (4, 4.1, 49)]
    info = "style,bpm,id,time_signature,midi_filename,split,beat_type\n"
    info += "".join(f"rock/x,120,{s},4-4,d/{s}.mid,{s},beat\n" for s in data.SPLITS)
    info += "rock,120,odd,3-4,d/train.mid,train,beat\n"
    files = {f"groove/d/{s}.mid": midi(("d", hits), channel=9) for s in data.SPLITS}
    tar(raw / "groove" / "groove_midi.tar.gz", {**files, "groove/info.csv": info.encode()})
    (row,) = rows("groove", None, "train", tmp_path)
    assert row["style"] == b"rock" and row["kind"] == b"beat" and row["tempo"] == 120
    assert row["drums"].shape == (16, 3)
    assert np.argwhere(row["drums"]).tolist() == [[0, 0], [0, 2], [4, 1], [8, 0], [12, 1]]
    assert row["drums"][4, 1] == 38 and row["drums"][0, 2] == 42


def test_pop909(raw, tmp_path):
    files = {}
    for n in range(30):
        song = midi(("MELODY", TUNE), ("PIANO", TUNE))  # at 120: a quarter is half a second
        files[f"POP909/{n:03}/{n:03}.mid"] = song
        files[f"POP909/{n:03}/beat_midi.txt"] = "\n".join(
            f"{b / 2} 1.0 {float(b % 4 == 0)}" for b in range(9)
        ).encode()
        files[f"POP909/{n:03}/chord_midi.txt"] = b"0\t1\tN\n1\t2\tBb:min7/5\n2\t4\tC#:sus4"
    tar(raw / "pop909" / "pop909.tar.xz", files)
    splits = [rows("pop909", None, split, tmp_path) for split in data.SPLITS]
    assert sum(map(len, splits)) == 30
    row = splits[0][0]
    assert (row["tempo"], row["bar"], row["pickup"]) == (120, 16, 0)
    assert row["melody"][:8].tolist() == [67, 1, 1, 1, 69, 1, 1, 1]
    assert row["chords"][:18].tolist() == [0] * 8 + [21 + 36 + 10] + [1] * 7 + [21 + 72 + 1, 1]


def test_chorales_agree_with_music21(tmp_path):
    """The fast MusicXML reader compared with music21's own, on three chorales."""
    from music21 import corpus

    for name in ("bwv66.6", "bwv269", "bwv113.8"):
        path = corpus.getWork(f"bach/{name}")
        score = musicxml.read(path)
        theirs = corpus.parse(f"bach/{name}")
        for part, other in zip(score.parts, theirs.parts, strict=True):
            notes = [
                (float(n.getOffsetInHierarchy(other)), float(n.quarterLength), n.pitch.midi)
                for n in other.flatten().notes
            ]
            ours = [(float(n.start), float(n.end - n.start), n.pitch) for n in part.notes]
            assert ours == sorted(notes), name


def test_versions_of_a_chorale():
    random = np.random.default_rng(1)
    notes = random.integers(40, 80, [32, 4]).astype(np.int32)
    notes[1::2], notes[4, 3] = 1, 0  # every second step is held
    struck = versions.sounding(notes)
    assert versions.shared(struck, struck) == versions.shared(struck, struck[:28]) == 1
    assert versions.shared(struck, struck[:20]) == 0
    higher = np.where(struck > 0, struck + 5, 0)
    assert versions.shared(struck, higher) == 1
    changed = higher.copy()
    changed[:8] = random.integers(40, 80, [8, 4])
    assert versions.VERSION <= versions.shared(struck, changed) < versions.REPEATED
    other = random.integers(40, 80, [32, 4])
    assert versions.shared(struck, other) < 0.3
    far = changed.copy()  # a version of the first piece only through those between
    far[24:] = random.integers(40, 80, [8, 4])
    assert versions.shared(struck, far) < versions.VERSION <= versions.shared(changed, far)
    assert versions.groups([struck, other, far, changed]) == [0, 1, 0, 0]
    assert versions.groups([struck, other, far]) == [0, 1, 2]
    silent = np.zeros([8, 4], np.int32)
    assert versions.shared(silent, silent) == 1 and versions.groups([]) == []


def test_a_tie_is_one_note(tmp_path):
    notes = [
        musicxml.Note(0, 1, 60, False),
        musicxml.Note(1, 2, 60, True),
        musicxml.Note(2, 3, 60, False),
    ]
    cells = musicxml.grid([musicxml.Part("a", notes, 3)], 12)[:, 0]
    assert cells.tolist() == [60] + [1] * 7 + [60, 1, 1, 1]


def test_damaged_score_is_named(tmp_path):
    path = tmp_path / "x.mxl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
    with pytest.raises(DataError, match="x.mxl is a damaged"):
        musicxml.read(path)


SCORE = """<score-partwise><part-list><score-part id="a"><part-name>S</part-name></score-part>
</part-list><part id="a"><measure><attributes><divisions>{}</divisions><time><beats>{}</beats>
<beat-type>{}</beat-type></time></attributes><note><pitch><step>{}</step><octave>4</octave></pitch>
<duration>{}</duration></note></measure></part></score-partwise>"""


@pytest.mark.parametrize("wrong", [None, 0, 1, 2, 3, 4])
def test_scores_with_nonsense_are_named(tmp_path, wrong):
    """No divisions of a quarter, and numbers that are none."""
    facts = [2, 3, 4, "C", 4]
    if wrong is not None:
        facts[wrong] = ["0", "x", "0", "H", "x"][wrong]
    with zipfile.ZipFile(tmp_path / "x.mxl", "w") as archive:
        container = '<container><rootfile full-path="x.xml"/></container>'
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("x.xml", SCORE.format(*facts))
    if wrong is None:
        score = musicxml.read(tmp_path / "x.mxl")
        assert score.parts[0].notes == [(0, 2, 60, False)] and score.bar == 3
        return
    with pytest.raises(DataError, match="x.mxl is a damaged"):
        musicxml.read(tmp_path / "x.mxl")


def test_chord_numbers():
    assert chords.of_pitches([45, 49, 52]) == 21 + 9
    assert chords.of_pitches([38, 42, 45, 48]) == 21 + 24 + 2
    assert chords.of_label("Gb:maj") == 21 + 6 and chords.of_label("N") == 0
    assert chords.of_label("F:hdim7") == 21 + 60 + 5
    assert chords.grid([(0, 2, 30), (2, 4, 30), (5, 6, 31)], 7).tolist() == [30, 1, 1, 1, 0, 31, 0]


def bad_file(tmp_path, content):
    path = tmp_path / "x.mid"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "ends too early"),
        (b"hello", "not a MIDI file"),
        (midi(("a", TUNE))[:60], "ends too early"),
        (midi(("a", TUNE), ("b", TUNE), kind=2), "format 2"),
        (midi(("a", [])), "no notes"),
    ],
)
def test_bad_midi_files(tmp_path, content, told):
    with pytest.raises(DataError, match=told) as error:
        midi_files.read(bad_file(tmp_path, content))
    assert "x.mid" in str(error.value) and "\n" not in str(error.value)


def test_odd_midi_files(tmp_path):
    notes = [(0, 1, 60), (1, 1, 62), (2, 40000, 64)]
    found = midi_files.read(bad_file(tmp_path, midi(("a", notes), metre=(3, 4))))
    assert found.bar == 3 and found.mended["note of no length"] == 1
    assert found.mended[f"track cut after {midi_files.LONGEST} quarters"] == 1
    assert found.tracks[0].notes[-1][:2] == (2, midi_files.LONGEST)
    assert midi_files.grid([(0, 1, 60, 80), (0.5, 1, 67, 80)]).tolist() == [60, 1, 67, 1]
    assert midi_files.grid([(0, 1, 72, 80), (0.02, 1, 60, 80)]).tolist() == [72, 1, 1, 1]  # a chord
    content = midi(("a", TUNE))
    signature = content.index(b"\xff\x58\x04") + 3
    nought = content[:signature] + b"\x00" + content[signature + 1 :]  # no beats in a bar
    assert midi_files.read(bad_file(tmp_path, nought)).bar == 4


def test_folder_says_what_was_left_out(tmp_path):
    with pytest.raises(DataError, match="no MIDI file"):
        midi_files.folder(tmp_path)
    (tmp_path / "good.MID").write_bytes(midi(("a", TUNE)))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "bad.mid").write_bytes(b"MThd")
    found, report = midi_files.folder(tmp_path)
    assert [name for name, _ in found] == ["good.MID"]
    ((reason, names),) = report.items()
    assert reason.startswith("left out: is not a MIDI file") and names == ["sub/bad.mid"]
    with pytest.raises(DataError, match="none of 1 MIDI files"):
        midi_files.folder(tmp_path / "sub")
