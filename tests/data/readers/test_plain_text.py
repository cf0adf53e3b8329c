"""Folders of text and of music: what is hidden is not read, suffixes may be in capitals."""

import mido

from data.readers import midi_files, plain_text


def test_hidden_files_and_capital_suffixes(tmp_path):
    for name in ("a.txt", "B.TXT", "deep/c.Txt", "._a.txt", ".git/d.txt", "__MACOSX/._a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n")
    (tmp_path / "__MACOSX" / "a.txt").write_text("no\n")
    (tmp_path / "e.md").write_text("no\n")
    assert plain_text.read([tmp_path])[0] == ["B.TXT", "a.txt", "deep/c.Txt"]
    hidden = tmp_path / ".git"
    assert plain_text.read([hidden])[0] == [".git/d.txt"]  # when it is asked for


def test_hidden_midi_files(tmp_path):
    track = [mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=480)]
    for name in ("A.MID", "b.midi", "._A.MID"):
        mido.MidiFile(tracks=[mido.MidiTrack(track)]).save(tmp_path / name)
    found, report = midi_files.folder(tmp_path)
    assert [name for name, _ in found] == ["A.MID", "b.midi"] and not report
