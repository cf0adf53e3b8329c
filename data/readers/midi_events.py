"""Parses the bytes of a standard MIDI file into note messages and meta events, in linear time.

What a reader of notes does not need may be wrong: unknown chunks, a RIFF wrapper, a wrong number
of tracks, and meta events of a wrong length are reported in `Events.odd`. The places of the
events are found one after another; what they say is read from all places at once.
"""

import struct
from array import array
from collections import Counter
from typing import NamedTuple

import numpy as np

SMPTE = -1  # ticks of a file that counts time in frames of a film
NAME, END, TEMPO, METRE, KEY = 0x03, 0x2F, 0x51, 0x58, 0x59
# Meta event -> (what it is, its lengths).
METAS = {
    0x00: ("sequence number", (0, 2)),
    0x20: ("channel prefix", (1,)),
    0x21: ("port", (1,)),
    END: ("end of track", (0,)),
    TEMPO: ("tempo", (3,)),
    0x54: ("SMPTE offset", (5,)),
    METRE: ("time signature", (4,)),
    KEY: ("key signature", (2,)),
}
SYSTEM = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0} | dict.fromkeys((*range(0xF8, 0xFD), 0xFE), 0)
RUNNING, TWO, OTHER, ENDLESS = 0, 2, 3, 4  # kinds of events; 1 and 2 are numbers of data bytes


class Events(NamedTuple):
    """What a file says; times are ticks from the beginning of a track."""

    kind: int  # format 0, 1 or 2
    ticks: int  # in a quarter, or SMPTE
    ends: np.ndarray  # int64 [tracks], the last event of each
    notes: dict  # int64 [messages] each: track, time, channel, pitch, velocity (0 ends a note)
    metas: list  # (track, time, type, bytes) of names, tempos and metres, in order of the file
    odd: Counter  # reason -> count


def parse(content: bytes) -> Events:
    """Parses a file.

    Raises: ValueError, with the reason, for what is no MIDI file or is damaged.
    """
    odd = Counter()
    content = _unwrapped(content, odd)
    if not content.startswith(b"MThd"):
        cut_off = b"MThd".startswith(content[:4])
        raise ValueError("it ends too early" if cut_off else "it does not begin with MThd")
    if len(content) < 14:
        raise ValueError("it ends too early")
    size, kind, declared, ticks = struct.unpack(">LHHh", content[4:14])
    if size < 6:
        raise ValueError("its header is too short")
    chunks = _tracks(content, 8 + size, declared, odd)
    content += bytes(8)  # so that no event is looked for behind the end
    codes = _codes(np.frombuffer(content, np.uint8))
    walk = _Walk(content, codes.tobytes(), array("i"), [], odd)
    counts = [walk.track(*chunk) for chunk in chunks]
    return _events(walk, counts, kind, ticks if ticks > 0 else SMPTE)


def _unwrapped(content, odd):
    """The MIDI file inside a RIFF file (.rmi), or the content as it is."""
    if content[:4] != b"RIFF" or content[8:12] != b"RMID":
        return content
    place = 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        if content[place : place + 4] == b"data":
            odd["RIFF wrapper"] += 1
            return content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    raise ValueError("it is a RIFF file without MIDI data")


def _tracks(content, place, declared, odd):
    """[(first byte, byte after the last)] of the track chunks."""
    found = []
    while place + 8 <= len(content):
        name, start = content[place : place + 4], place + 8
        place = start + int.from_bytes(content[place + 4 : start], "big")
        if place > len(content):
            if len(found) >= declared:  # no track: something that was put behind the last one
                break
            raise ValueError("it ends too early")
        if name == b"MTrk":
            found.append((start, place))
        elif len(found) < declared:
            odd["chunk that is no track"] += 1
    else:
        if place > len(content) or (place < len(content) and len(found) < declared):
            raise ValueError("it ends too early")
    if len(found) != declared:
        odd[f"{'fewer' if len(found) < declared else 'more'} tracks than declared"] += 1
    return found


def _codes(content):
    """For each byte the event that would begin there: 8 * its kind + bytes of its time."""
    high = content >= 0x80
    longer = [high]  # whether a time has over 1, 2, 3, 4 bytes
    for n in range(1, 4):
        longer.append(longer[-1] & np.append(high[n:], np.zeros(n, bool)))
    size = np.uint8(1) + longer[0] + longer[1] + longer[2]
    places = np.minimum(np.arange(len(content), dtype=np.int32) + size, len(content) - 1)
    status = content[places]
    kinds = np.full(256, OTHER, np.uint8)
    kinds[:0x80], kinds[0x80:0xF0], kinds[0xC0:0xE0] = RUNNING, TWO, 1
    return 8 * np.where(longer[3], np.uint8(ENDLESS), kinds[status]) + size


class _Walk(NamedTuple):
    """The events of all tracks so far."""

    content: bytes
    codes: bytes
    places: array  # where each event begins
    metas: list  # (number of its event, type, bytes)
    odd: Counter

    def track(self, place, end):
        """Adds the events of a track; returns their number."""
        codes, add, before = self.codes, self.places.append, len(self.places)
        data = 0  # bytes of a message with running status
        while place < end:
            add(place)
            kind, size = codes[place] >> 3, codes[place] & 7
            if kind == RUNNING:
                if not data:
                    raise ValueError("a message of a track has no status byte")
                place += size + data
            elif kind <= TWO:
                data = kind
                place += size + 1 + kind
            elif kind == OTHER:
                place, ended = self._other(place + size)
                if ended:
                    break
            else:
                raise ValueError("a time has over four bytes")
        if place > end:
            raise ValueError("a track ends too early")
        return len(self.places) - before

    def _other(self, place):
        """(place after a system message or meta event, whether it ends the track)."""
        content, status = self.content, self.content[place]
        if status in SYSTEM:
            return place + 1 + SYSTEM[status], False
        if status not in (0xF0, 0xF7, 0xFF):
            raise ValueError(f"undefined status byte 0x{status:02x}")
        meta = content[place + 1] if status == 0xFF else None
        place += 1 if meta is None else 2
        size = 0
        for byte in content[place : place + 4]:
            place += 1
            size = size << 7 | byte & 0x7F
            if byte < 0x80:
                break
        else:
            raise ValueError("a length has over four bytes")
        name, sizes = METAS.get(meta, ("", (size,)))
        if size not in sizes:
            self.odd[f"{name} of {size} bytes"] += 1
        elif meta in (NAME, TEMPO, METRE, KEY):
            self.metas.append((len(self.places) - 1, meta, content[place : place + size]))
        return place + size, meta == END


def _events(walk, counts, kind, ticks):
    content = np.frombuffer(walk.content, np.uint8)
    places = np.frombuffer(walk.places, np.int32).astype(np.int64)
    codes = np.frombuffer(walk.codes, np.uint8)[places]
    kinds, sizes = codes >> 3, codes & 7
    times = np.zeros(len(places), np.int64)
    for n in range(4):
        times = np.where(n < sizes, times << 7 | content[places + n] & 0x7F, times)
    times = np.cumsum(times)
    last = np.cumsum(counts, dtype=np.int64)  # after the events of each track
    first = last - counts
    before = np.append(0, times)[first]
    track = np.repeat(np.arange(len(counts)), counts)
    times -= before[track]
    ends = np.where(last > first, np.append(0, times)[last], 0)
    # A track's first message has a status byte, so none is taken from the track before.
    explicit = (kinds == 1) | (kinds == TWO)
    holder = np.maximum.accumulate(np.where(explicit, np.arange(len(places)), 0))
    status = content[(places + sizes)[holder]]
    noted = np.flatnonzero((kinds != OTHER) & (status >= 0x80) & (status < 0xA0))
    status, data = status[noted], (places + sizes + explicit)[noted]
    pitch, velocity = (np.minimum(content[data + n], 127).astype(np.int64) for n in (0, 1))
    notes = {"track": track[noted], "time": times[noted]}
    notes |= {"channel": status & 15, "pitch": pitch}
    notes["velocity"] = np.where(status >= 0x90, velocity, 0)
    metas = [(int(track[n]), int(times[n]), meta, raw) for n, meta, raw in walk.metas]
    return Events(kind, ticks, ends, notes, metas, walk.odd)
