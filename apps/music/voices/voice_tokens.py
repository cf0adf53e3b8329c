"""Token numbers of the voice model, and the pitch, pitch class and degree of their notes."""

import numpy as np
import tensorflow as tf

from common.music import ABSENT, FREE, HOLD, KEYS, LOWEST, REST
from common.text import PAD, SPECIAL_TOKENS, UNK

HOLD_TOKEN = len(SPECIAL_TOKENS)
REST_TOKEN = HOLD_TOKEN + 1
FIRST = REST_TOKEN + 1  # token of MIDI number 21
VOCAB = FIRST + KEYS
FREE_TOKEN = UNK  # a cell that is hidden, or to be composed

ALL = np.arange(VOCAB, dtype=np.int32)
CLASSES = 13  # 12 pitch classes, and one for tokens that are not notes
DEGREES = 25  # of 12 major and 12 minor keys, and one for no note or no known key


def token_array(notes):
    """Note code of a data set, without FREE -> tokens, numpy int32 of the same shape."""
    tokens = notes - LOWEST + FIRST
    tokens = np.where(notes == HOLD, HOLD_TOKEN, np.where(notes == REST, REST_TOKEN, tokens))
    return np.where(notes == ABSENT, PAD, tokens)


def from_notes(notes):
    """Note code -> tokens int32 of the same shape; traceable."""
    tokens = tf.where(notes >= LOWEST, notes - LOWEST + FIRST, FREE_TOKEN)
    tokens = tf.where(notes == HOLD, HOLD_TOKEN, tokens)
    return tf.where(notes == REST, REST_TOKEN, tokens)


def to_notes(tokens):
    """Tokens -> note code; PAD and other special tokens become rests."""
    notes = tf.where(tokens >= FIRST, tokens - FIRST + LOWEST, REST)
    notes = tf.where(tokens == HOLD_TOKEN, HOLD, notes)
    return tf.where(tokens == FREE_TOKEN, FREE, notes)


def resolved(tokens):
    """Replaces each hold by VOCAB + the token that is held, in tokens `[batch, time, ...]`.

    The last onset before each step is found by doubling (a running maximum of its place), in
    log2(time) operations on the whole tensor.
    """
    time = tf.shape(tokens)[1]
    places = tf.reshape(tf.range(time), [1, -1] + [1] * (len(tokens.shape) - 2))
    held = tokens == HOLD_TOKEN
    onset = tf.where(held, 0, places)  # [batch, time, ...]

    def wider(span, onset):
        shift = tf.concat([onset[:, :span], onset[:, :-span]], 1)
        return span * 2, tf.maximum(onset, shift)

    shapes = (tf.TensorShape([]), tf.TensorShape([None] * len(tokens.shape)))
    _, onset = tf.while_loop(
        lambda span, _: span < time, wider, (1, onset), shape_invariants=shapes
    )
    rank = len(tokens.shape)
    time_last = [0, *range(2, rank), 1]
    time_second = [0, rank - 1, *range(1, rank - 1)]
    values = tf.gather(
        tf.transpose(tokens, time_last), tf.transpose(onset, time_last), batch_dims=rank - 1
    )
    return tf.where(held, VOCAB + tf.transpose(values, time_second), tokens)


def pitch(notes):
    """Tokens or resolved tokens -> MIDI number, 0 where there is no note."""
    tokens = notes % VOCAB
    return tf.where(tokens >= FIRST, tokens - FIRST + LOWEST, 0)


def pitch_class(notes):
    """Tokens or resolved tokens -> 0 to 11, or 12 where there is no note."""
    tokens = notes % VOCAB
    return tf.where(tokens >= FIRST, (tokens - FIRST + LOWEST) % 12, 12)


def degree(notes, key):
    """Semitones above the tonic: 0 to 11 in major, 12 to 23 in minor, 24 where unknown.

    Args:
        notes: tokens or resolved tokens.
        key: the condition at place `conditions.KEY`, of a shape that broadcasts with `notes`.
    """
    classes, known = pitch_class(notes), key > 0
    number = tf.maximum(key - 1, 0)  # major by tonic, then minor
    found = (classes - number % 12) % 12 + 12 * (number // 12)
    return tf.where(known & (classes < 12), found, DEGREES - 1)
