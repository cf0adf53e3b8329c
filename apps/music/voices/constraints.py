"""Which tokens a voice may choose: its range, what can follow a note, no parallel fifths."""

import numpy as np
import tensorflow as tf

from apps.music.voices.voice_tokens import FIRST, HOLD_TOKEN, REST_TOKEN, VOCAB, pitch
from common.music import LOWEST
from common.special_tokens import FORBIDDEN
from common.text import BOS


def in_limits(limits):
    """bool `[vocab]`: holds, rests, and the notes that a voice has.

    Args:
        limits: the lowest and the highest MIDI number; of more than two numbers each is allowed.
    """
    token = np.arange(VOCAB)
    number = token - FIRST + LOWEST
    low, high = limits[0], limits[-1]
    among = np.isin(number, limits) if len(limits) > 2 else (number >= low) & (number <= high)
    return among & (token >= FIRST) | (token == HOLD_TOKEN) | (token == REST_TOKEN)


def can_follow(sounding):
    """Logits `[..., vocab]`, 0 or forbidden, of what can follow `sounding` (resolved, any shape).

    Special tokens cannot, nor can a hold follow silence.
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
