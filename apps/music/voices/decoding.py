"""The voice model one note at a time, as common.decoding asks for it."""

import numpy as np
import tensorflow as tf

from apps.music.voices import constraints, voice_tokens
from apps.music.voices.conditions import KEY
from apps.music.voices.voice_tokens import FREE_TOKEN, HOLD_TOKEN, REST_TOKEN, VOCAB
from common.special_tokens import FORBIDDEN
from common.text import BOS


def first_state(model, batch):
    """The state before the first note of `batch` pieces."""
    states = model.over_time.zero_state(batch)
    depth = model.config.units + 2 * model.config.reader_units + model.config.embedding_dim
    return {
        "time": states,
        "frame": model.over_notes.start(tf.zeros([batch, depth])),
        "present": model.present(tf.zeros([batch, depth])),
        "notes": tf.fill([batch, model.voices], BOS),  # resolved, the last one of each voice
        "before": tf.fill([batch, model.voices], BOS),  # those of the time step before
        "may": tf.ones([batch, VOCAB], tf.bool),  # see `allowed`
        "position": tf.zeros([batch], tf.int32),
    }


def step_function(model, given, conditions, limits, parallels=True):
    """The step of a `Voices` model for common.decoding: voice after voice, then the next time step.

    What the limits allow is in its state, for `allowed`, so that probabilities stay the model's.

    Args:
        given: tokens `[batch, time, voices]`, FREE_TOKEN where the model chooses. A voice that
            is given whole is known from the start, single cells only when their time comes.
        conditions: `[batch, time, ...]`.
        limits: for each voice the MIDI numbers that it may choose, see `constraints.in_limits`.
        parallels: whether two voices may move in parallel fifths, octaves or unisons.
    """
    inside = tf.constant(np.stack([constraints.in_limits(voice) for voice in limits]))
    free, key = given == FREE_TOKEN, conditions[:, 0, KEY]
    known = tf.reduce_all(~free, 1, keepdims=True)
    context = model.read(tf.where(known, voice_tokens.resolved(given), FREE_TOKEN), conditions)

    def may_choose(position, cells, notes, before):
        """bool `[batch, vocab]`: what the voice whose turn it is may do."""
        voice, time = position % model.voices, position // model.voices
        # A given note must not be prolonged.
        ended = (time > 0) & ~tf.gather(free[:, tf.maximum(time - 1, 0)], voice, axis=1)
        may = inside[voice] & ~(ended[:, None] & (tf.range(VOCAB) == HOLD_TOKEN))
        if parallels:
            return may
        # Voices after this one still have their old note, except that given ones move too.
        ahead = (tf.range(model.voices) > voice) & (cells >= REST_TOKEN)
        now = voice_tokens.pitch(tf.where(ahead, cells, notes))
        return may & ~constraints.parallel(voice_tokens.pitch(before), now, voice)

    def step(tokens, state):
        position = tf.reduce_max(state["position"])  # the same in each row
        voice, time = position % model.voices, position // model.voices
        last = (voice - 1) % model.voices
        old = state["notes"]
        holding = tf.gather(old, last, axis=1)
        holding = tf.where(holding < VOCAB, holding + VOCAB, holding)
        chosen = tf.where(tokens == HOLD_TOKEN, holding, tokens)
        is_last = tf.range(model.voices) == last
        notes = tf.where((tokens != BOS)[:, None] & is_last, chosen[:, None], old)

        def next_time():
            here = context[:, time]
            x = tf.concat([here, model.embed(notes, key)], -1)
            h, states = model.over_time.step(x, state["time"])
            h = tf.concat([h, here], -1)
            first = tf.fill(tf.shape(tokens), BOS)
            return states, model.over_notes.start(h), model.present(h), first, notes

        def same_time():
            return state["time"], state["frame"], state["present"], chosen, state["before"]

        times, frame, present, element, before = tf.cond(voice == 0, next_time, same_time)
        output, frame = model.over_notes.step(model.element(element, voice, key) + present, frame)
        following = constraints.can_follow(tf.gather(notes, voice, axis=1))
        logits = model.logits(output, key) + following
        cells = given[:, time]  # [batch, voices]
        cell = tf.gather(cells, voice, axis=1)
        only = tf.one_hot(cell, VOCAB, on_value=0.0, off_value=FORBIDDEN)
        fixed = cell[:, None] != FREE_TOKEN
        logits = tf.where(fixed, only, logits)
        may = fixed | may_choose(position, cells, notes, before)
        after = {"time": times, "frame": frame, "present": present, "notes": notes}
        after |= {"before": before, "may": may, "position": state["position"] + 1}
        return logits, after

    return step


def allowed(position, state):
    """The hard constraint that common.decoding applies in addition to `step_function`'s logits."""
    return state["may"]
