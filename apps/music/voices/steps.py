"""The voice model one note at a time, as common.decoding asks for it."""

import numpy as np
import tensorflow as tf

from apps.music.voices import tokens as code
from common.special_tokens import FORBIDDEN
from common.text import BOS


def first_state(model, batch):
    states = model.over_time.zero_state(batch)
    depth = model.config.units + 2 * model.config.reader_units + model.config.embedding_dim
    return {
        "time": states,
        "frame": model.frame.start(tf.zeros([batch, depth])),
        "present": model.present(tf.zeros([batch, depth])),
        "notes": tf.fill([batch, model.voices], BOS),  # resolved, as chosen last
        "before": tf.fill([batch, model.voices], BOS),  # those of the step of time before
        "may": tf.ones([batch, code.VOCAB], tf.bool),  # what the limits allow, see `allowed`
        "position": tf.zeros([batch], tf.int32),
    }


def steps(model, given, conditions, limits, parallels=True):
    """The step function of a `Voices` model for common.decoding: one voice after another, one step
    of time after another.

    Its limits are in its state, for `allowed`, so that probabilities are those of the model.

    Args:
        given: tokens `[batch, time, voices]`, FREE_TOKEN where the model chooses. A voice that
            is given whole is known from the start, cells of others when their time comes.
        conditions: `[batch, time, ...]`.
        limits: for each voice the MIDI numbers that it may choose, see `tokens.inside`.
        parallels: whether two voices may move in parallel fifths, octaves or unisons.
    """
    inside = tf.constant(np.stack([code.inside(voice) for voice in limits]))  # [voices, vocab]
    free, key = given == code.FREE_TOKEN, conditions[:, 0, code.KEY]
    known = tf.reduce_all(~free, 1, keepdims=True)
    context = model.read(tf.where(known, code.resolved(given), code.FREE_TOKEN), conditions)

    def may_choose(position, cells, notes, before):
        """bool `[batch, vocab]`: what the voice whose turn it is may do."""
        voice, time = position % model.voices, position // model.voices
        # A given note ends where it ends.
        ended = (time > 0) & ~tf.gather(free[:, tf.maximum(time - 1, 0)], voice, axis=1)
        may = inside[voice] & ~(ended[:, None] & (tf.range(code.VOCAB) == code.HOLD_TOKEN))
        if parallels:
            return may
        # Voices behind this one still have their old note: those that are given move too.
        ahead = (tf.range(model.voices) > voice) & (cells >= code.REST_TOKEN)
        now = code.pitch(tf.where(ahead, cells, notes))
        return may & ~code.parallel(code.pitch(before), now, voice)

    def step(tokens, state):
        position = tf.reduce_max(state["position"])  # the same in each row
        voice, time = position % model.voices, position // model.voices
        last = (voice - 1) % model.voices
        old = state["notes"]
        holding = tf.gather(old, last, axis=1)
        holding = tf.where(holding < code.VOCAB, holding + code.VOCAB, holding)
        chosen = tf.where(tokens == code.HOLD_TOKEN, holding, tokens)
        is_last = tf.range(model.voices) == last
        notes = tf.where((tokens != BOS)[:, None] & is_last, chosen[:, None], old)

        def next_time():
            here = context[:, time]
            x = tf.concat([here, model.embed(notes, key)], -1)
            h, states = model.over_time.step(x, state["time"])
            h = tf.concat([h, here], -1)
            first = tf.fill(tf.shape(tokens), BOS)
            return states, model.frame.start(h), model.present(h), first, notes

        def same_time():
            return state["time"], state["frame"], state["present"], chosen, state["before"]

        times, frame, present, element, before = tf.cond(voice == 0, next_time, same_time)
        output, frame = model.frame.step(model.element(element, voice, key) + present, frame)
        logits = model.logits(output, key) + code.allowed(tf.gather(notes, voice, axis=1))
        cells = given[:, time]  # [batch, voices]
        cell = tf.gather(cells, voice, axis=1)
        only = tf.one_hot(cell, code.VOCAB, on_value=0.0, off_value=FORBIDDEN)
        fixed = cell[:, None] != code.FREE_TOKEN
        logits = tf.where(fixed, only, logits)
        may = fixed | may_choose(position, cells, notes, before)
        after = {"time": times, "frame": frame, "present": present, "notes": notes}
        after |= {"before": before, "may": may, "position": state["position"] + 1}
        return logits, after

    return step


def allowed(position, state):
    """The hard constraint of common.decoding that goes with `step`."""
    return state["may"]
