"""Composes pieces from lines of notes and requests, with a trained model."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from apps.music import dataset
from apps.music.band import styles
from apps.music.band.network import TRACKS
from apps.music.request import SECTION, Request
from common.errors import UserError
from common.music import ABSENT, FREE, HOLD, keys, notation, rolls

EXAMPLE = {"voices": 64, "band": 64, "frames": 8}  # steps of a line of examples.txt
EMPTY = 128  # sixteenths to compose where nothing is left free
FRAME = 4  # sixteenths in a frame of a roll, which is a quarter


class Composition(NamedTuple):
    """A composed piece."""

    notes: np.ndarray  # note code `[time, voices]`, or a roll `[time, 88]`
    log_prob: float  # of what the model chose; 0 for rolls


def in_form(notes, form, steps):
    """Lays out sections of `steps` as a form such as AABA.

    Args:
        notes: one section for each different letter, in order of first appearance.
    """
    letters = sorted(set(form), key=form.index)
    starts = [letters.index(letter) * steps for letter in form]
    return np.concatenate([rolls.cut(notes, start, start + steps) for start in starts])


class Composer:
    """A pipeline whose graph is traced once, for pieces of any length.

    Call: (a line of notes as in common/music/notation.py, a Request) -> a Composition.
    """

    def __init__(self, pipeline):
        self.pipeline, self.kind = pipeline, pipeline.kind
        self.quarter = 4 // FRAME if self.kind == "frames" else 4  # steps in a quarter
        self.facts = 6 if self.kind == "band" else 3  # numbers known of a piece
        self.names = {"voices": dataset.VOICES, "band": TRACKS}.get(self.kind, ())
        cube = tf.TensorSpec([None, None, None], tf.int32)
        facts, one = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([], tf.float32)
        seed, number = tf.TensorSpec([2], tf.int32), tf.TensorSpec([], tf.int32)
        if self.kind != "frames":
            signature = [cube, facts, one, seed]
            self.run = tf.function(pipeline.compose, input_signature=signature, autograph=False)
        else:
            signature = [cube, number, one, seed]
            self.run = tf.function(pipeline.continue_roll, input_signature=signature)

    def __call__(self, text="", request=None):
        return self.compose(self.read(text), request)[0]

    def read(self, text):
        """Text -> note code with FREE, or a roll.

        Raises: UserError for wrong notation.
        """
        if self.kind != "frames":
            return notation.read_voices(text, len(self.pipeline.limits), self.names)
        return notation.read_frames(text)

    def text(self, composition):
        """A Composition -> text that `read` reads back."""
        if self.kind == "frames":
            return notation.write_frames(composition.notes)
        return notation.write_voices(composition.notes, self.names)

    def compose(self, given, request=None, takes=1, steps=0):
        """Note code with FREE, or a roll that the piece begins with -> list of Compositions.

        Args:
            takes: number of pieces.
            steps: length of a piece, in frames of a roll or sixteenths, instead of --bars.

        Raises: UserError for a request that the model cannot meet.
        """
        request = request or Request()
        style = styles.style(request.style)
        if style >= 0 and self.kind != "band":
            raise UserError("this model has no styles: leave --style out, or train preset band")
        if request.form and self.kind == "frames":
            raise UserError("a roll has no bars that a form could repeat: leave --form out")
        if request.key and self.kind == "frames":
            raise UserError("a model of rolls does not know keys: leave --key out")
        section = (request.bars or SECTION) * request.metre
        steps = steps or self._length(given, request, section)
        if len(given) > steps:
            raise UserError(
                f"{steps / self.quarter:g} quarters are requested, but "
                f"{len(given) / self.quarter:g} are given: raise --bars, or give fewer notes"
            )
        temperature, seed = tf.constant(request.temperature, tf.float32), (request.seed, 0)
        if self.kind == "frames":
            primer = tf.constant(np.repeat(given[None].astype(np.int32), takes, 0))
            found = self.run(primer, steps, temperature, seed).numpy()
            return [Composition(roll, 0.0) for roll in found]
        notes = np.full([steps, given.shape[1]], FREE, np.int32)
        notes[: len(given)] = given
        key = keys.parse(request.key) if request.key else -1
        pitched = given if self.kind == "voices" else given[:, :1]
        if key < 0 and (pitched > HOLD).any():
            key = keys.estimate(rolls.pitch_classes(pitched))
        facts = (request.metre, request.pickup, key)
        if self.kind == "band":
            facts += (style, styles.tempo(request.quarters), -1)
        batch, facts = (np.repeat(np.array(x)[None], takes, 0) for x in (notes, facts))
        found, log_probs = self.run(batch, facts.astype(np.int32), temperature, seed)
        found = found.numpy()
        if request.form:
            found = [in_form(piece, request.form, section) for piece in found]
        return [Composition(*take) for take in zip(found, log_probs.numpy(), strict=True)]

    def _length(self, given, request, section):
        """Steps of the model's grid that a piece is to have; `section` in sixteenths."""
        asked = section * len(set(request.form)) if request.form else request.bars * request.metre
        if not asked and not (self.kind != "frames" and (given == FREE).any()):
            asked = EMPTY + len(given) * 4 // self.quarter
        return -(-asked * self.quarter // 4) or len(given)

    def check(self, given):
        """Refuses notes that no piece of the data has in their voice.

        Raises: UserError, naming the voice and its range.
        """
        found = rolls.notes_of_roll(given) if self.kind == "frames" else given
        limits, names = self.pipeline.limits, self.names or ("model",)
        for voice in range(1 if self.kind == "band" else found.shape[1]):
            low, high = limits[min(voice, len(limits) - 1)]
            pitches = found[:, voice][found[:, voice] > HOLD]
            for pitch in (pitches.min(initial=low), pitches.max(initial=high)):
                if not low <= pitch <= high:
                    span = f"{notation.name(low)} to {notation.name(high)}"
                    raise UserError(
                        f"{notation.name(int(pitch))} is outside the range of the "
                        f"{names[min(voice, len(names) - 1)]}, {span}: transpose it"
                    )

    def example(self, piece):
        """The beginning of a piece as a line for `infer`: its first voice or its first frames."""
        start = piece.notes[: EXAMPLE[self.kind]]
        if self.kind != "frames":
            start = start[:, :1] if start[0, 0] != ABSENT else start[:0, :1]
            return notation.write_voices(start, self.names)
        return notation.write_frames(start)
