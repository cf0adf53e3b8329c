"""The band's five tracks as four that can be heard: chords become a guitar and a bass."""

from common.music import HOLD, LOWEST, measures, midi

VIOLIN, GUITAR, BASS = 40, 24, 32  # General MIDI programs, counted from 0


def arrange(notes):
    """Note code `[time, 5]` -> Tracks: melody, chords, bass, drums."""
    chords = [(start, end, *divmod(n - LOWEST, 12)) for start, end, n in midi.events(notes[:, 1])]
    guitar = [
        (start, end, 52 + (root + tone - 52) % 12, 56)
        for start, end, quality, root in chords
        for tone in measures.CHORD_TONES[min(quality, len(measures.CHORD_TONES) - 1)]
    ]
    bass = [
        (start, end, 36 + root if root < 8 else 24 + root, 76) for start, end, _, root in chords
    ]
    hits = [
        (step, step + 1, int(cell), 72)
        for column in notes.T[2:]
        for step, cell in enumerate(column)
        if cell > HOLD
    ]
    return [
        midi.Track("Melody", midi.events(notes[:, 0]), VIOLIN),
        midi.Track("Chords", guitar, GUITAR),
        midi.Track("Bass", bass, BASS),
        midi.Track("Drums", hits, drums=True),
    ]
