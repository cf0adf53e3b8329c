"""Writer of MusicXML scores by music21: a staff per voice, with bars and key signature."""

import numpy as np

from .. import files
from . import keys, time_signature


def write(path, tracks, bar=16, pickup=0, tempo=100.0, unit=0, signature=None):
    """Writes `common.music.midi.Track`s (one note at a time in each) as a score."""
    with files.atomic(path, "wb") as file:
        file.write(to_musicxml(tracks, bar, pickup, tempo, unit, signature))


def to_musicxml(tracks, bar=16, pickup=0, tempo=100.0, unit=0, signature=None) -> bytes:
    """The content of a score file; arguments as for `common.music.midi.write`.

    Args:
        signature: the `key` of `midi.write`; without one, the key signature of the estimated key.
    """
    from music21 import clef, key, meter, note, stream
    from music21 import tempo as marks
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    histogram = np.zeros(12)
    for track in tracks:
        for start, end, pitch, *_ in track.notes:
            histogram[pitch % 12] += end - start
    fifths, minor = signature or (keys.fifths(keys.estimate(histogram)), None)
    end = max([n[1] for track in tracks for n in track.notes] or [bar])
    score = stream.Score()
    for number, track in enumerate(tracks):
        part = stream.Part(id=track.name)
        part.partName = track.name
        pitches = [n[2] for n in track.notes] or [60]
        part.append(clef.TrebleClef() if np.mean(pitches) >= 57 else clef.BassClef())
        written = key.KeySignature(fifths)
        part.append(written if minor is None else written.asKey("minor" if minor else "major"))
        part.append(meter.TimeSignature("{}/{}".format(*time_signature(bar, unit))))
        if not number:
            part.append(marks.MetronomeMark(number=round(tempo, 2)))
        # A pickup: the first bar begins with hidden silence.
        shift = (bar - pickup) % bar if pickup else 0
        now = 0
        for start, stop, pitch, *_ in [*track.notes, (end, end, None)]:
            if start > now:
                part.insert((now + shift) / 4, note.Rest(quarterLength=(start - now) / 4))
            if pitch is not None:
                sound = note.Note(pitch, quarterLength=(stop - start) / 4)
                sound.pitch = _spelled(sound.pitch, fifths)
                part.insert((start + shift) / 4, sound)
            now = max(now, stop)
        score.insert(0, part)
    return GeneralObjectExporter(score).parse()


def _spelled(pitch, fifths):
    """The enharmonic spelling that suits a key signature: F# in sharp keys, Gb in flat keys."""
    if pitch.accidental is not None and fifths < 0 and pitch.accidental.alter > 0:
        return pitch.getEnharmonic()
    return pitch
