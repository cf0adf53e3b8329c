"""Music: the note code and its text, keys, MIDI and score files, statistics.

In the note code a piece is int32 `[time, voices]` on a grid of sixteenths. A cell is a MIDI number
(21 to 108) where a note begins, HOLD where it is held, REST for silence, FREE where the model
chooses, or ABSENT where a dataset lacks the track. The modules: `notation` (text), `rolls` (piano
rolls), `keys`, `measures` (statistics of compositions), and the writers `midi`, `musicxml`, `sound`
and `pictures`.
"""

ABSENT, FREE, REST, HOLD = -2, -1, 0, 1
LOWEST, HIGHEST = 21, 108  # MIDI numbers of a piano's 88 keys
KEYS = HIGHEST - LOWEST + 1
STEPS_PER_QUARTER = 4


def time_signature(steps: int, unit: int = 0):
    """(beats, note value of a beat) of a bar of sixteenths; 12 are 3/4, with `unit` 8 they are 6/8.

    Without `unit`, or where it does not fill the bar, beats are quarters, else eighths, else
    sixteenths.
    """
    value = next(v for v in (unit, 4, 8, 16) if v and steps * v % 16 == 0)
    return steps * value // 16, value
