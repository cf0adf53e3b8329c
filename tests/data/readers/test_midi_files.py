"""Your own MIDI files: note pairing against a plain reference, parsing against mido, odd files."""

import io
import os
import struct
import time

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import DataError
from data.readers import midi_events, midi_files, midi_notes

END = b"\0\xff\x2f\0"
SCALE = (67, 67, 69, 69, 71, 71, 72, 72)


def track(body, end=END):
    return b"MTrk" + struct.pack(">L", len(body + end)) + body + end


def whole(*tracks, kind=1, declared=None, ticks=480):
    declared = len(tracks) if declared is None else declared
    return b"MThd" + struct.pack(">LHHH", 6, kind, declared, ticks) + b"".join(map(track, tracks))


def varied(number):
    found = bytes([number & 127])
    while number := number >> 7:
        found = bytes([number & 127 | 128]) + found
    return found


def messages(events, channel=0):
    """[(tick, pitch, velocity)], in order -> bytes with running status."""
    found, now, status = b"", 0, bytes([0x90 + channel])
    for tick, pitch, velocity in events:
        found += varied(tick - now) + status + bytes([pitch, velocity])
        now, status = tick, b""
    return found


def notes(content):
    """[(start, end, pitch)] in ticks of the only track."""
    (found,) = midi_files.read("x.mid", content).tracks
    return [(round(480 * s), round(480 * e), pitch) for s, e, pitch, _ in found.notes]


# Pairing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [0, 1])
@pytest.mark.parametrize("on_first", [True, False])
def test_repeated_notes_keep_their_lengths(early, on_first):
    """A strike at the tick of, or one tick before, the end of the note before it."""
    events = []
    for n, pitch in enumerate(SCALE):
        start = 240 * n - (early if n else 0)
        events += [(start, int(on_first), pitch, 80), (240 * (n + 1), int(not on_first), pitch, 0)]
    order = sorted(events, key=lambda e: (e[0], -e[1] if on_first else e[1]))
    found = notes(whole(messages([(tick, pitch, velocity) for tick, _, pitch, velocity in order])))
    begins = [240 * n - (early if n else 0) for n in range(8)]
    assert found == [(b, 240 * (n + 1), SCALE[n]) for n, b in enumerate(begins)]
    cells = midi_files.grid([(s / 480, e / 480, p) for s, e, p in found])
    assert cells.tolist() == [cell for pitch in SCALE for cell in (pitch, 1)]


def test_one_lost_note_off_moves_no_other():
    events = [(0, 60, 80), (480, 60, 80), (600, 60, 0), (960, 60, 80), (1080, 60, 0)]
    content = whole(messages(events))
    assert notes(content) == [(0, 480, 60), (480, 600, 60), (960, 1080, 60)]
    assert midi_files.read("x.mid", content).mended == {"note without an end": 1}
    doubled = [(0, 60, 80), (0, 60, 80), (240, 60, 0), (480, 60, 80), (720, 60, 0)]
    assert notes(whole(messages(doubled))) == [(0, 240, 60), (480, 720, 60)]
    last = [(0, 60, 80), (240, 60, 80), (240, 60, 0), (480, 62, 80), (720, 62, 0)]
    assert notes(whole(messages(last))) == [(0, 240, 60), (240, 720, 60), (480, 720, 62)]


def plain_pairs(events, end, slack):
    """The rule as a sentence, for one pitch: [(start, end)] of [(time, whether it is a strike)]."""
    found, open_, phrase = [], [], []
    for event in events:
        when, strike = event
        if not strike and not open_:
            continue
        phrase.append(event)
        if strike:
            open_.append(when)
        else:
            found.append((open_.pop(0), when))
        if not open_:
            phrase = []
    kept = found[: len(found) - sum(not strike for _, strike in phrase)]
    offs, tail = [], []
    for n in range(len(phrase) - 1, -1, -1):
        when, strike = phrase[n]
        if not strike:
            offs.append(when)
        elif any(off > when + slack for off in offs[:1]):
            tail.append((when, offs.pop(0)))
        else:
            tail.append((when, next((t for t, s in phrase[n + 1 :] if s), end)))
    return kept + tail[::-1]


EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), min_size=1, max_size=40
)


@given(EVENTS, st.integers(0, 2))
@settings(max_examples=400, deadline=None)
def test_pairs_follow_the_plain_rule(events, slack):
    times = np.cumsum([step for step, _, _ in events])
    keys = np.array([key for _, key, _ in events])
    on = np.array([strike for _, _, strike in events])
    end = int(times[-1]) + 1
    ends = np.full(len(keys), end)
    first, stop, _ = midi_notes.pair(keys, times, on, ends, slack)
    assert first.tolist() == np.flatnonzero(on).tolist()  # every strike, in order
    for key in range(3):
        own = [(int(t), bool(o)) for t, k, o in zip(times, keys, on, strict=True) if k == key]
        mine = [(int(times[f]), int(s)) for f, s in zip(first, stop, strict=True) if keys[f] == key]
        assert mine == plain_pairs(own, end, slack)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9), st.integers(60, 62)), min_size=1))
@settings(max_examples=200, deadline=None)
def test_notes_come_back_from_a_file(drawn):
    """Of one pitch, none inside another, which no file can tell from a cross."""
    kept = []
    for start, length, pitch in sorted(set(drawn)):
        before = [(s, e) for s, e, p in kept if p == pitch]
        if all(s < start and e <= start + length for s, e in before):
            kept.append((start, start + length, pitch))
    for strikes_first in (True, False):
        events = [(s, not strikes_first, p, 80) for s, _, p in kept]
        events += [(e, strikes_first, p, 0) for _, e, p in kept]
        events.sort(key=lambda event: event[:2])
        content = whole(messages([(tick, p, velocity) for tick, _, p, velocity in events]))
        assert notes(content) == sorted(kept)


# Parsing ----------------------------------------------------------------------------------------

BYTE = st.integers(0, 127)
CHANNEL_EVENTS = st.one_of(
    st.builds(
        lambda s, a, b: bytes([s, a, b]), st.sampled_from([*range(0x80, 0xC0), 0xE1]), BYTE, BYTE
    ),
    st.builds(lambda s, a: bytes([s, a]), st.integers(0xC0, 0xDF), BYTE),
    st.builds(lambda a, b: (a, b), BYTE, BYTE),  # with running status
    st.builds(lambda raw: b"\xff\x03" + varied(len(raw)) + raw, st.binary(max_size=200)),
    st.builds(lambda raw: b"\xff\x7f" + varied(len(raw)) + raw, st.binary(max_size=200)),
)
TRACKS = st.lists(
    st.lists(st.tuples(st.integers(0, 2**28 - 1), CHANNEL_EVENTS), max_size=30),
    min_size=1,
    max_size=3,
)


def encoded(events):
    body, status = b"", None
    for delta, event in events:
        if isinstance(event, tuple):
            if status is None:
                continue
            event = bytes(event[: 1 if 0xC0 <= status < 0xE0 else 2])
        elif event[0] < 0xF0:
            status = event[0]
        body += varied(delta) + event
    return body


@given(TRACKS)
@settings(max_examples=200, deadline=None)
def test_events_are_those_of_mido(drawn):
    content = whole(*map(encoded, drawn))
    theirs = mido.MidiFile(file=io.BytesIO(content), clip=True)
    events = midi_events.parse(content)
    rows, names, ends = [], [], []
    for number, messages_of in enumerate(theirs.tracks):
        now = 0
        for message in messages_of:
            now += message.time
            if message.type in ("note_on", "note_off"):
                velocity = message.velocity if message.type == "note_on" else 0
                rows.append((number, now, message.channel, message.note, velocity))
            elif message.type == "track_name":
                names.append((number, now, message.name))
        ends.append(now)
    columns = ("track", "time", "channel", "pitch", "velocity")
    assert list(zip(*(events.notes[c].tolist() for c in columns), strict=True)) == rows
    assert [(t, at, raw.decode("latin-1")) for t, at, _, raw in events.metas] == names
    assert events.ends.tolist() == ends and events.ticks == 480 and not events.odd


@given(st.binary(max_size=60), st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_damage_is_one_error(raw, at):
    sound = whole(messages([(0, 60, 80), (240, 60, 0)]), b"\0\xff\x51\x03\x07\xa1\x20")
    for content in (raw, b"MThd" + raw, whole(raw), sound[:at] + raw + sound[at + len(raw) :]):
        try:
            midi_files.read("x.mid", content)
        except DataError as error:
            assert str(error).startswith("x.mid ") and "\n" not in str(error)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\0\x3c\x40", "no status byte"),
        (b"\0\xf4\0", "undefined status byte 0xf4"),
        (b"\0\xff\x01\x85\x80\x80\x80\x00", "over four bytes"),
        (b"\x81\x80\x80\x80\x00\x90\x3c\x40", "over four bytes"),
        (b"\0\xff\x01\x7f", "track ends too early"),
        (b"\0\x90\x3c", "no notes|ends too early"),
    ],
)
def test_damaged_tracks_say_what_is_wrong(body, told):
    for content in (whole(body), whole(body, messages([(0, 60, 80)]))):
        with pytest.raises(DataError, match=told) as error:
            midi_files.read(
                "x.mid", content[: -len(END)] if told.startswith("no notes") else content
            )
        assert "x.mid" in str(error.value)


UNITS = {
    "running status": b"\x01\x3c\x40\x01\x3c\0",
    "own status": b"\x01\x90\x3c\x40\x01\x80\x3c\x40",
    "no note-offs": b"\x01\x3c\x40",
    "texts": b"\0\xff\x01\0",
}


@pytest.mark.parametrize("unit", UNITS)
def test_ten_megabytes_are_read_in_linear_time(unit):
    count = (midi_files.MOST_BYTES - 100) // len(UNITS[unit])
    content = whole(b"\0\x90\x3c\x40\1\x3c\0" + UNITS[unit] * count, ticks=32767)
    start = time.process_time()
    (found,) = midi_files.read("x.mid", content).tracks
    assert time.process_time() - start < 5
    expected = {"texts": 1, "no note-offs": count}
    assert len(found.notes) == expected.get(unit, count + 1)


def test_grid_of_long_notes_takes_linear_time():
    held = [(n % 7 / 4, (4000 if n % 2 else 1) + n % 7 / 4, 40 + n % 50, 80) for n in range(20_000)]
    start = time.process_time()
    midi_files.grid(held)
    assert time.process_time() - start < 5


# Files that others hand you ----------------------------------------------------------------------

TUNE = messages([(n * 240 + d, p, 80 * (not d)) for n, p in enumerate(SCALE) for d in (0, 240)])
RULED = {
    "key signature without meaning": b"\0\xff\x59\x02\x0c\0",
    "key signature of 1 bytes": b"\0\xff\x59\x01\0",
    "tempo of 2 bytes": b"\0\xff\x51\x02\x07\xa1",
    "tempo without meaning": b"\0\xff\x51\x03\0\0\0",
    "time signature of 2 bytes": b"\0\xff\x58\x02\x03\x02",
    "time signature without meaning": b"\0\xff\x58\x04\0\x02\x18\x08",
    "SMPTE offset of 1 bytes": b"\0\xff\x54\x01\0",
    "sequence number of 5 bytes": b"\0\xff\0\x05\0\0\0\0\0",
}


@pytest.mark.parametrize("reason", RULED)
def test_metas_nobody_needs_are_reported(reason):
    found = midi_files.read("x.mid", whole(RULED[reason] + TUNE))
    assert found.mended == {reason: 1}
    assert len(found.tracks[0].notes) == 8 and (found.tempo, found.bar) == (120, 4)


def test_odd_chunks_are_read_past():
    sound = whole(TUNE)
    expected = notes(sound)
    chunk = b"XFIH" + struct.pack(">L", 3) + b"abc"
    odd = {
        "chunk that is no track": sound[:14] + chunk + sound[14:],
        "fewer tracks than declared": whole(TUNE, declared=3),
        "more tracks than declared": whole(TUNE, declared=0),
        "RIFF wrapper": b"RIFF" + struct.pack("<L", len(sound) + 12) + b"RMID"
        + b"data" + struct.pack("<L", len(sound)) + sound,
    }  # fmt: skip
    for reason, content in odd.items():
        assert notes(content) == expected, reason
        assert midi_files.read("x.mid", content).mended == {reason: 1}
    long_header = sound[:4] + struct.pack(">L", 8) + sound[8:14] + b"ab" + sound[14:]
    assert notes(long_header) == expected == notes(sound + b"\0behind")
    with pytest.raises(DataError, match="without MIDI data"):
        midi_files.read("x.mid", b"RIFF\x10\0\0\0RMIDLIST\0\0\0\0")


def test_first_channel_to_begin_comes_first():
    melody = [(0, 0, 72, 80), (1920, 0, 72, 0)]
    chords = [(480, 1, 48, 80), (960, 1, 48, 0)]
    body, now = b"", 0
    for tick, channel, pitch, velocity in sorted(melody + chords):
        body += varied(tick - now) + bytes([0x90 + channel, pitch, velocity])
        now = tick
    found = midi_files.read("x.mid", whole(body, kind=0)).tracks
    assert [(t.channel, t.notes[0][2]) for t in found] == [(0, 72), (1, 48)]


def test_tempo_and_metre_of_any_track():
    """The earliest tempo counts, wherever it is; of metres the one that lasts longest."""
    second = b"\0\xff\x51\x03" + (600_000).to_bytes(3, "big") + TUNE
    found = midi_files.read("x.mid", whole(b"\0\xff\x58\x04\x06\x03\x18\x08", second))
    assert (found.tempo, found.bar, found.unit) == (100, 3, 8)
    late = b"\x60\xff\x51\x03" + (500_000).to_bytes(3, "big")
    assert midi_files.read("x.mid", whole(late, second)).tempo == 100
    metres = b"\0\xff\x58\x04\x01\x02\x18\x08" + varied(480) + b"\xff\x58\x04\x02\x01\x18\x08"
    found = midi_files.read("x.mid", whole(TUNE, metres))  # out of order of their tracks
    assert (found.bar, found.pickup, found.unit) == (4, 1, 2)


def test_notes_of_a_fine_grid_are_counted():
    """32nds on sixteenths: every second one is half a step off, and falls on a neighbour's."""
    fine = [(n / 8, (n + 1) / 8, 60 + n, 80) for n in range(8)]
    assert midi_files.off_grid(fine) == (4, 3)
    cells = midi_files.grid(fine)
    assert (cells > 1).sum() == 8 - 3
    assert midi_files.off_grid([(0, 1, 60, 80), (0, 1, 64, 80), (0.25, 1, 60, 80)]) == (0, 0)
    assert midi_files.off_grid([(1 / 3, 1, 60, 80)]) == (1, 0)
    creeping = [(n / 100, 1, 60 + n, 80) for n in range(12)]  # two by two they are chords
    assert midi_files.off_grid(creeping) == (10, 5)


def test_grid_as_a_loop_writes_it():
    random = np.random.default_rng(5)
    for _ in range(50):
        rows = [(s / 8, (s + random.integers(0, 20)) / 8, int(random.integers(50, 60)), 80)
                for s in random.integers(0, 60, 12)]  # fmt: skip
        expected = np.zeros(max(round(4 * row[1]) for row in rows) or 1, int)
        top = {}
        for start, end, pitch, _ in sorted(rows, key=lambda row: (round(4 * row[0]), row[2])):
            top[round(4 * start)] = (max(round(4 * start) + 1, round(4 * end)), pitch)
        for start, (end, pitch) in sorted(top.items()):
            if start < len(expected):
                expected[start:] = 0
                expected[start:end] = 1
                expected[start] = pitch
        found = midi_files.grid(rows, len(expected))
        np.testing.assert_array_equal(found, expected)


def test_hidden_files_are_no_music(tmp_path):
    for name in ("a.mid", "._a.mid", "__MACOSX/a.mid", ".trash/b.mid", "sub/c.MIDI"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(whole(TUNE))
    found, report = midi_files.folder(tmp_path)
    assert [name for name, _ in found] == ["a.mid", "sub/c.MIDI"] and not report


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    with pytest.raises(DataError, match="neither file nor folder"):
        midi_files.read(tmp_path / "pipe.mid")
    (tmp_path / "big.mid").write_bytes(bytes(midi_files.MOST_BYTES + 1))
    with pytest.raises(DataError, match="over 10,000,000 bytes"):
        midi_files.read(tmp_path / "big.mid")
    for name in (tmp_path, tmp_path / "none.mid", "a\0b.mid"):
        with pytest.raises(DataError, match="folder|no file|cannot read"):
            midi_files.read(name)
