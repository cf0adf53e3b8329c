"""The note code of a piece in voices as tokens of a network, and what is known of each step.

Conditions are what a network knows of a step beside the notes: its place in the bar, the beats that
remain, and the key; each is a small integer with a table of its own.
"""

import numpy as np
import tensorflow as tf

from apps.music.band import styles
from common.music import ABSENT, FREE, HOLD, KEYS, LOWEST, REST
from common.special_tokens import FORBIDDEN
from common.text import BOS, PAD, SPECIAL_TOKENS, UNK

HOLD_TOKEN = len(SPECIAL_TOKENS)
REST_TOKEN = HOLD_TOKEN + 1
FIRST = REST_TOKEN + 1  # token of MIDI number 21
VOCAB = FIRST + KEYS
FREE_TOKEN = UNK  # a cell that is hidden, or to be composed

ALL = np.arange(VOCAB, dtype=np.int32)
CLASSES = 13  # pitch classes, and one for what is no note
DEGREES = 25  # of 12 major and 12 minor keys, and one for what is no note or in no known key
KEY = 2  # place of the key among the conditions

LONGEST_BAR = 48  # steps
REMAINING = 16  # beats; more count as so many
CONDITIONS = (16 + LONGEST_BAR, REMAINING, 25)  # place, remaining, key (0: unknown)
BAND_CONDITIONS = (*CONDITIONS, *styles.SIZES)  # and style, tempo, density


def token_array(notes):
    """Note code of a data set, without FREE -> tokens, numpy int32 of the same shape."""
    tokens = notes - LOWEST + FIRST
    tokens = np.where(notes == HOLD, HOLD_TOKEN, np.where(notes == REST, REST_TOKEN, tokens))
    return np.where(notes == ABSENT, PAD, tokens)


def from_code(notes):
    """Note code -> tokens int32 of the same shape; traceable."""
    tokens = tf.where(notes >= LOWEST, notes - LOWEST + FIRST, FREE_TOKEN)
    tokens = tf.where(notes == HOLD, HOLD_TOKEN, tokens)
    return tf.where(notes == REST, REST_TOKEN, tokens)


def to_code(tokens):
    """Tokens -> note code; PAD and other specials become rests."""
    notes = tf.where(tokens >= FIRST, tokens - FIRST + LOWEST, REST)
    notes = tf.where(tokens == HOLD_TOKEN, HOLD, notes)
    return tf.where(tokens == FREE_TOKEN, FREE, notes)


def resolved(tokens):
    """Tokens `[batch, time, ...]` with holds that know their note: VOCAB + the token held.

    The last beginning before each step is found by doubling (a running maximum of its place), in
    log2(time) steps of the whole tensor.
    """
    time = tf.shape(tokens)[1]
    places = tf.reshape(tf.range(time), [1, -1] + [1] * (len(tokens.shape) - 2))
    held = tokens == HOLD_TOKEN
    began = tf.where(held, 0, places)  # [batch, time, ...]

    def wider(span, began):
        shift = tf.concat([began[:, :span], began[:, :-span]], 1)
        return span * 2, tf.maximum(began, shift)

    shapes = (tf.TensorShape([]), tf.TensorShape([None] * len(tokens.shape)))
    _, began = tf.while_loop(
        lambda span, _: span < time, wider, (1, began), shape_invariants=shapes
    )
    rank = len(tokens.shape)
    order = [0, *range(2, rank), 1]  # time last
    back = [0, rank - 1, *range(1, rank - 1)]
    values = tf.gather(tf.transpose(tokens, order), tf.transpose(began, order), batch_dims=rank - 1)
    values = tf.transpose(values, back)
    return tf.where(held, VOCAB + values, tokens)


def pitch(notes):
    """Tokens or resolved tokens -> MIDI number, 0 for what is no note."""
    tokens = notes % VOCAB
    return tf.where(tokens >= FIRST, tokens - FIRST + LOWEST, 0)


def pitch_class(notes):
    """Tokens or resolved tokens -> 0 to 11, or 12 for what is no note."""
    tokens = notes % VOCAB
    return tf.where(tokens >= FIRST, (tokens - FIRST + LOWEST) % 12, 12)


def degree(notes, key):
    """Tokens or resolved tokens, and the condition that tells the key, of shapes that broadcast ->
    semitones above its tonic, 0 to 11 in major and 12 to 23 in minor, or 24."""
    classes, known = pitch_class(notes), key > 0
    number = tf.maximum(key - 1, 0)  # major by tonic, then minor
    found = (classes - number % 12) % 12 + 12 * (number // 12)
    return tf.where(known & (classes < 12), found, DEGREES - 1)


def conditions(time, facts):
    """What is known of `time` steps: facts int32 `[batch, n]` -> `[batch, time, n]`; traceable.

    Facts are: steps in a bar; steps before the first whole bar; then key (0 to 23) and what a model
    has beside it, -1 where it is not known. `condition_array` is the same for one piece, in numpy.
    """
    step = tf.range(time)[None]
    place = _place(tf, step, facts[:, :1], facts[:, 1:2])
    remaining = tf.minimum((time - 1 - step) // 4, REMAINING - 1) + tf.zeros_like(place)
    rest = tf.repeat(facts[:, None, 2:] + 1, time, axis=1)
    return tf.concat([tf.stack([place, remaining], -1), rest], -1)


def condition_array(time, facts, after=0):
    """`after`: steps of the piece behind these `time` ones."""
    step = np.arange(time)
    remaining = np.minimum((after + time - 1 - step) // 4, REMAINING - 1)
    rest = np.repeat(np.asarray(facts[2:])[None] + 1, time, 0)
    return np.column_stack([_place(np, step, facts[0], facts[1]), remaining, rest])


def _place(module, step, bar, pickup):
    # Bars of four quarters have places of their own: a third beat of four is not one of three.
    place = (step - pickup) % bar
    return module.where(bar == 16, place, 16 + module.minimum(place, LONGEST_BAR - 1))


def inside(limits):
    """bool `[vocab]`: holds, rests, and notes: two are the lowest and highest, more are all."""
    token = np.arange(VOCAB)
    number = token - FIRST + LOWEST
    low, high = limits[0], limits[-1]
    among = np.isin(number, limits) if len(limits) > 2 else (number >= low) & (number <= high)
    return among & (token >= FIRST) | (token == HOLD_TOKEN) | (token == REST_TOKEN)


def allowed(sounding):
    """What a voice may do after `sounding` (resolved, any shape): `[..., vocab]`, 0 or forbidden.

    No special token, and no hold of a silence.
    """
    token = tf.range(VOCAB)
    silent = (sounding == BOS) | (sounding % VOCAB == REST_TOKEN)
    may = (token >= REST_TOKEN) | ((token == HOLD_TOKEN) & ~silent[..., None])
    return tf.where(may, 0.0, FORBIDDEN)


def parallel(before, now, voice):
    """bool `[batch, vocab]`: the notes that would move a voice in parallel with another.

    Parallel is what `common.music.measures.parallel_fifths` counts: two voices a fifth, octave or
    unison apart (modulo octaves) move in one direction to the same interval.

    Args:
        before, now: MIDI numbers of all voices `[batch, voices]`, 0 for silence, one step ago and
            as far as they are known now; voices yet to be chosen are as before.
        voice: number of the voice that chooses, a scalar tensor.
    """
    own = tf.gather(before, [voice], axis=1)  # [batch, 1]
    order = tf.where(tf.range(tf.shape(before)[1]) < voice, 1, -1)  # the upper minus the lower
    first = order * (before - own) % 12
    moved = (now != before) & (before > 0) & (now > 0) & (own > 0)
    may = (moved & ((first == 0) | (first == 7)))[..., None]  # [batch, voices, 1]
    notes = pitch(tf.range(VOCAB))
    second = order[:, None] * (now[..., None] - notes) % 12  # [batch, voices, vocab]
    direction = tf.sign(now - before)[..., None] == tf.sign(notes - own)[:, None]
    return tf.reduce_any(may & (second == first[..., None]) & direction, 1) & (notes > 0)
