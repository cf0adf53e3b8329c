"""The frame model one note at a time, as common.decoding asks for it."""

import tensorflow as tf

from apps.music.frames.frame_tokens import (
    END,
    FIRST,
    MOST_NOTES,
    VOCAB,
    ascending,
    bernoulli_next,
)
from common.music import KEYS
from common.special_tokens import FORBIDDEN
from common.text import BOS, EOS, PAD


def first_state(model, batch):
    """The state before the first frame of `batch` pieces."""
    zero = model.over_time.zero_state(batch)
    h, states = model.over_time.step(tf.zeros([batch, KEYS]), zero)
    return {
        "time": states,
        "h": h,
        "frame": model.over_notes.start(h) if model.sequence else [],
        "roll": tf.zeros([batch, KEYS]),
        "frames": tf.zeros([batch], tf.int32),
        "position": tf.zeros([batch], tf.int32),
    }


def step_function(model, primer, frames):
    """The step of a `Frames` model for common.decoding: note after note, then the next frame.

    Args:
        primer: int32 `[batch, any]`, the first tokens; PAD to the right.
        frames: int32 scalar, the length of the piece; EOS follows the last frame's END.
    """

    def step(tokens, state):
        roll = tf.maximum(state["roll"], tf.one_hot(tokens - FIRST, KEYS))
        ended = tokens == END  # [batch]
        moved, times = model.over_time.step(roll, state["time"])
        h = _where(ended, moved, state["h"])
        state = {
            "time": _where(ended, times, state["time"]),
            "h": h,
            "frame": state["frame"],
            "roll": _where(ended, tf.zeros_like(roll), roll),
            "frames": state["frames"] + tf.cast(ended, tf.int32),
            "position": state["position"],
        }
        last = tf.where(ended, BOS, tokens)
        if model.sequence:
            begun = _where(ended | (tokens == BOS), model.over_notes.start(h), state["frame"])
            output, state["frame"] = model.over_notes.step(model.embedding(last), begun)
            logits = model.logits(output)
        else:
            logits = bernoulli_next(model.logits(h), last)
        logits += ascending(last[:, None])[:, 0]
        full = tf.reduce_sum(state["roll"], -1) >= MOST_NOTES
        forced = tf.where(full, END, PAD)
        forced = tf.where(state["frames"] >= frames, EOS, forced)
        primed = tf.pad(primer, [[0, 0], [0, 1]], constant_values=PAD)
        at = tf.minimum(state["position"], tf.shape(primed)[1] - 1)
        primed = tf.gather(primed, at, batch_dims=1)
        forced = tf.where(primed != PAD, primed, forced)
        only = tf.one_hot(forced, VOCAB, on_value=0.0, off_value=FORBIDDEN)
        state["position"] += 1
        return tf.where((forced != PAD)[:, None], only, logits), state

    return step


def _where(rows, new, old):
    return tf.nest.map_structure(lambda a, b: tf.where(rows[:, None], a, b), new, old)
