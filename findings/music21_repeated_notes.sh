#!/usr/bin/env bash
# Belief: MIDI readers agree on a pitch played again at once: at that tick, the new
#   note-on may stand before the old note-off, the first off ends the first note.
# Fact: music21 pairs from the end of the track backwards. With the note-on first,
#   the old note's off ends the new note as well: of a row of repeated notes all
#   but the first get length 0. pretty_midi gives each its full length. With
#   the note-off first both agree. A corpus read through music21 loses durations.
# Way out: put note-offs before note-ons of the same tick before music21 reads it.
# Versions: music21 10.5.1, pretty_midi 0.2.11.post0, mido 1.3.3
# Date: 2026-11-28
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"${PYTHON:-python3}" -m venv "$tmp/env"
"$tmp/env/bin/pip" install -q --disable-pip-version-check \
    music21==10.5.1 pretty_midi==0.2.11.post0 mido==1.3.3
cd "$tmp"
HOME="$tmp" "$tmp/env/bin/python" -W ignore - <<'PY'
import mido
import music21
import pretty_midi

BEAT, COUNT = 480, 4


def write(path, on_first):
    """Four quarter notes of one pitch; the two orders differ within a tick only."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    track.append(mido.Message("note_on", note=64, velocity=70))
    for _ in range(COUNT - 1):
        kinds = ["note_on", "note_off"] if on_first else ["note_off", "note_on"]
        track.append(mido.Message(kinds[0], note=64, velocity=70, time=BEAT))
        track.append(mido.Message(kinds[1], note=64, velocity=70, time=0))
    track.append(mido.Message("note_off", note=64, velocity=70, time=BEAT))
    track.append(mido.MetaMessage("end_of_track"))
    mido.MidiFile(tracks=[track], ticks_per_beat=BEAT).save(path)


def by_pretty_midi(path):
    notes = pretty_midi.PrettyMIDI(path).instruments[0].notes
    return [(float(n.start) * 2, float(n.end - n.start) * 2) for n in notes]


def by_music21(path):
    notes = music21.converter.parse(path, forceSource=True).flatten().notes
    return [(float(n.offset), float(n.quarterLength)) for n in notes]


even = [(float(i), 1.0) for i in range(COUNT)]
for on_first in (False, True):
    path = f"on_first_{on_first}.mid"
    write(path, on_first)
    print("note-on first" if on_first else "note-off first", "(beat, length):")
    for read in (by_pretty_midi, by_music21):
        notes = read(path)
        print(f"  {read.__name__:15}", notes)
        if read is by_music21 and on_first:
            assert notes == [even[0]] + [(at, 0.0) for at, _ in even[1:]], "changed"
        else:
            assert notes == even, (read.__name__, on_first)
print("As written above: music21 gives repeated notes no length.")
PY
