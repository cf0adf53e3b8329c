"""A request for a piece: the options of `infer` that shape it."""

import math
from dataclasses import dataclass

from apps.music.band.styles import BARS, BEATS
from common.errors import UserError

LONGEST = 8192  # steps
SECTION = 8  # bars
TEMPO, SLOWEST, FASTEST = 90.0, 10, 400  # quarters a minute


@dataclass(frozen=True)
class Request:
    """A request for a piece; every field is an option of `infer`."""

    bars: int = 0
    """Length of the piece, or of each section of a form; 0: that of the given notes, plus 8 bars
    if nothing is left to compose."""
    form: str = ""
    """Form such as AABB: a section of --bars bars (8 if 0) for each letter; equal letters have
    equal notes."""
    bar: int = 0
    """Sixteenths in a bar: 16 of 4/4, 12 of 3/4 or 6/8; 0: of the MIDI file or style, else 16."""
    unit: int = 0
    """Note value of a beat, as it is written: a bar of 12 sixteenths is 3/4, with 8 it is 6/8; 0:
    of the MIDI file or style, else 4."""
    pickup: int = 0
    """Sixteenths before the first whole bar."""
    key: str = ""
    """Of voices and the band, such as D or F#m; without it that of the given notes, or any."""
    style: str = ""
    """Band: a kind of tune (jig, reel, waltz, ...), pop, or a style of drumming; any by default."""
    tempo: float = 0.0
    """Quarters a minute; chorales and rolls are written with it, the band also composes for it. 0:
    that of the MIDI file, else 90."""
    temperature: float = 0.8
    """Below 1 safer, above 1 more varied; 0: always the most probable note."""
    seed: int = 1
    """The same seed gives the same piece."""

    def __post_init__(self):
        if self.tempo and not SLOWEST <= self.tempo <= FASTEST:
            raise UserError(f"tempo is {self.tempo:g}: it must be 10 to 400 quarters a minute")
        if self.unit not in (0, 1, 2, 4, 8, 16, 32, 64):
            raise UserError(f"unit is {self.unit}: it must be 1, 2, 4, 8, 16, 32 or 64")
        if not 0 <= self.temperature < math.inf:
            raise UserError(f"temperature is {self.temperature}: it must be 0 or more")
        if not 0 <= self.bar <= 48:
            raise UserError(f"a bar of {self.bar} sixteenths: it must be 1 to 48")
        if self.form and not (self.form.isascii() and self.form.isalpha()):
            raise UserError(f"form is {self.form!r}: it must be letters, such as AABA")
        if self.bars < 0 or self.bars * self.metre * max(len(self.form), 1) > LONGEST:
            most = LONGEST // self.metre // max(len(self.form), 1)
            raise UserError(f"{self.bars} bars: it must be 0 to {most}, more cannot be composed")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"seed is {self.seed}: it must be 0 to {2**31 - 1}")
        if not 0 <= self.pickup < self.metre:
            raise UserError(f"pickup is {self.pickup}: it must be 0 or more, and less than a bar")

    @property
    def metre(self):
        """Sixteenths in a bar."""
        return self.bar or BARS.get(self.style, 16)

    @property
    def beat(self):
        """Note value of a beat; 0 where nothing says it."""
        return self.unit or (0 if self.bar else BEATS.get(self.style, 0))

    @property
    def quarters(self):
        """Quarters a minute."""
        return self.tempo or TEMPO
