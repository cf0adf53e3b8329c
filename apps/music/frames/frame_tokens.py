"""A frame of a piano roll as tokens: its notes from low to high, then END."""

import tensorflow as tf

from common.music import KEYS
from common.special_tokens import FORBIDDEN
from common.text import PAD, SPECIAL_TOKENS

END = len(SPECIAL_TOKENS)  # of a frame; EOS ends the piece
FIRST = END + 1  # token of the lowest key
VOCAB = FIRST + KEYS
MOST_NOTES = 16  # in one frame


def from_rolls(rolls):
    """`[rows, 88]` -> int32 `[rows, most notes + 1]`: notes from low to high, END, PAD."""
    sounding = rolls > 0.5
    counts = tf.reduce_sum(tf.cast(sounding, tf.int32), -1)
    notes = tf.where(sounding, tf.range(KEYS)[None] + FIRST, VOCAB)
    most = tf.maximum(tf.reduce_max(counts), 0)  # without rows it would be the least int32
    notes = tf.sort(notes, -1)[:, :most]  # silent keys come last
    notes = tf.pad(tf.where(notes == VOCAB, PAD, notes), [[0, 0], [0, 1]])
    end = tf.one_hot(counts, most + 1, on_value=END, off_value=0)
    return notes + end


def ascending(last):
    """Logits `[..., vocab]`, 0 or forbidden, of what may follow `last` (`[...]`) in a frame."""
    token = tf.range(VOCAB)
    after = (token >= FIRST) & (token > last[..., None])
    return tf.where(after | (token == END), 0.0, FORBIDDEN)


def bernoulli_next(logits, last):
    """Log-probability `[batch, vocab]` of the next token of a frame whose keys are independent.

    P(next = k | last = j) = p_k prod_{j<i<k} (1 - p_i), see frames/network.py.

    Args:
        logits: of the keys, `[batch, 88]`.
        last: the token before, int32 `[batch]`.
    """
    on, off = tf.math.log_sigmoid(logits), tf.math.log_sigmoid(-logits)  # [batch, 88]
    above = tf.range(KEYS)[None] > (last - FIRST)[:, None]
    off = tf.where(above, off, 0.0)
    notes = on + tf.cumsum(off, -1, exclusive=True)
    end = tf.reduce_sum(off, -1, keepdims=True)
    special = tf.fill([tf.shape(logits)[0], END], FORBIDDEN)
    return tf.concat([special, end, notes], -1)
