"""Beam search with a pool of finished hypotheses separate from the live hypotheses."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from ..errors import UserError
from ..searches import Beam
from ..special_tokens import BOS, EOS, FORBIDDEN, PAD
from .constraints import constrain
from .hypotheses import Hypotheses, keep_shapes, possible, row_limits
from .penalties import coverage_penalty, length_penalty
from .top_k import top_k


class _Search(NamedTuple):
    position: tf.Tensor  # int32 scalar: tokens produced so far
    tokens: tf.Tensor  # int32 [batch, beam, time]: live hypotheses
    last: tf.Tensor  # int32 [batch, beam]: their last tokens
    log_probs: tf.Tensor  # float32 [batch, beam]: FORBIDDEN where there is no live hypothesis
    coverage: tf.Tensor  # float32 [batch, beam, source]: attention received so far; or ()
    state: object  # nest of [batch * beam, ...]
    finished: Hypotheses  # the n_best so far


def beam_search(
    step,
    state,
    batch,
    max_length,
    settings: Beam,
    *,
    bos: int = BOS,
    eos: int = EOS,
    pad: int = PAD,
    source_mask: tf.Tensor | None = None,
    first: tf.Tensor | None = None,
    allowed: Callable | None = None,
) -> Hypotheses:
    """Searches for the strings Y with the largest score:

        score(Y) = log P(Y | X) / ((5 + |Y|) / 6) ** alpha + beta * sum_i log(min(sum_j p_ij, 1))

    (Wu et al. 2016). Each step considers the 2 * beam most probable continuations of a row's live
    hypotheses. Of the first `beam`, those that end in eos compete by score for the n_best finished
    places (so a beam of 1 is greedy search). The best `beam` continuations without eos stay alive;
    2 * beam candidates guarantee that there are enough. At a row's maximum length the first `beam`
    continuations are finished as they are. A row is done when none of its live hypotheses can still
    reach a finished place: their log-probability can only fall, the length penalty is mildest at
    the maximum length, and coverage adds at most 0. A finished row has no live hypotheses, so it
    stays unchanged while the other rows continue. Ties are won by the hypothesis finished first,
    then by the lower beam and token index.

    Args:
      step: step(tokens, state) -> (logits, state) over batch * beam rows; see the package.
      state: nest of tensors with `batch` rows, repeated here. For a coverage penalty a dict
        whose "attention" [rows, source] is the attention of the step just made.
      batch: batch size, an int or an int32 scalar.
      max_length: int or int32 [batch], maximum length of each row in tokens, eos included.
      settings: `Beam`.
      bos, eos, pad: the tokens that begin, end and pad a string.
      source_mask: bool [batch, source], valid source positions, for the coverage penalty.
      first: int32 [batch], the token before each string; None: bos.
      allowed: a hard constraint over batch * beam rows, see the package.

    Returns:
      `Hypotheses` with n_best as in `settings`.

    Raises:
      UserError: a coverage penalty with a state without attention.
    """
    beam, n_best = settings.beam, settings.n_best
    covering = settings.coverage_penalty > 0
    if covering and not (isinstance(state, dict) and "attention" in state):
        raise UserError("coverage_penalty needs a model with attention: set it to 0 for this one")
    limits, time = row_limits(max_length, batch)
    most_favourable = length_penalty(limits, settings.length_penalty)  # [batch]
    mask = None if source_mask is None else tf.cast(source_mask, tf.bool)[:, tf.newaxis]
    first_row = tf.range(batch)[:, tf.newaxis] * beam  # [batch, 1]

    def alive(search):
        return tf.reduce_any(possible(search.log_probs))

    def body(search):
        logits, state = step(tf.reshape(search.last, [-1]), search.state)
        vocab = logits.shape[-1] or tf.shape(logits)[-1]
        log_probs = constrain(
            tf.nn.log_softmax(tf.cast(logits, tf.float32)),  # [batch * beam, vocab]
            search.position,
            tf.reshape(search.tokens, [batch * beam, time]),
            min_length=settings.min_length,
            no_repeat_ngram=settings.no_repeat_ngram,
            bos=bos,
            eos=eos,
            pad=pad,
            allowed=None if allowed is None else allowed(search.position, state),
        )
        log_probs += tf.reshape(search.log_probs, [-1, 1])
        log_probs, best = top_k(tf.reshape(log_probs, [batch, beam * vocab]), 2 * beam)
        parents, last = best // vocab, best % vocab  # [batch, 2 * beam]
        tokens = tf.where(
            tf.range(time) == search.position,
            last[..., tf.newaxis],
            tf.gather(search.tokens, parents, batch_dims=1),
        )  # [batch, 2 * beam, time]

        length = search.position + 1
        ends = (last == eos) | (limits <= length)[:, tf.newaxis]
        scores = log_probs / length_penalty(length, settings.length_penalty)
        coverage = ()
        if covering:
            attention = tf.cast(state["attention"], tf.float32)
            coverage = search.coverage + tf.reshape(attention, tf.shape(search.coverage))
            penalty = coverage_penalty(coverage, mask, settings.coverage_penalty)  # [batch, beam]
            scores += tf.gather(penalty, parents, batch_dims=1)
        taken = ends & possible(log_probs) & (tf.range(2 * beam) < beam)
        scores = tf.where(taken, scores, FORBIDDEN)
        # An empty place is FORBIDDEN too but sorts first: no unfinished hypothesis ever takes it.
        lengths = tf.fill([batch, 2 * beam], length)
        finished = _best(search.finished, Hypotheses(tokens, lengths, scores, log_probs), n_best)

        log_probs, index = tf.math.top_k(tf.where(ends, FORBIDDEN, log_probs), beam)
        hopeless = log_probs[:, 0] / most_favourable <= finished.scores[:, -1]  # [batch]
        parents = tf.gather(parents, index, batch_dims=1)  # [batch, beam]
        if beam > 1:
            rows = tf.reshape(first_row + parents, [-1])
            state = tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), state)
            coverage = tf.gather(coverage, parents, batch_dims=1) if covering else ()
        after = _Search(
            length,
            tf.gather(tokens, index, batch_dims=1),
            tf.gather(last, index, batch_dims=1),
            tf.where(hopeless[:, tf.newaxis], FORBIDDEN, log_probs),
            coverage,
            state,
            finished,
        )
        return (keep_shapes(after, search),)

    one_of_beam = tf.where(tf.range(beam) == 0, 0.0, FORBIDDEN)  # else all would be identical
    start = _Search(
        position=tf.constant(0),
        tokens=tf.fill([batch, beam, time], pad),
        last=tf.fill([batch, beam], bos) if first is None else tf.repeat(first[:, None], beam, 1),
        log_probs=tf.where(limits[:, tf.newaxis] > 0, one_of_beam, FORBIDDEN),
        coverage=_no_coverage(state["attention"], batch, beam) if covering else (),
        state=tf.nest.map_structure(lambda tensor: tf.repeat(tensor, beam, axis=0), state),
        finished=Hypotheses(
            tokens=tf.fill([batch, n_best, time], pad),
            lengths=tf.zeros([batch, n_best], tf.int32),
            scores=tf.fill([batch, n_best], FORBIDDEN),
            log_probs=tf.fill([batch, n_best], FORBIDDEN),
        ),
    )
    return tf.while_loop(alive, body, (start,))[0].finished


def _best(one: Hypotheses, other: Hypotheses, count: int) -> Hypotheses:
    """The `count` best of both, each [batch, any, ...]; ties are won by `one`."""
    both = Hypotheses(*(tf.concat(pair, 1) for pair in zip(one, other, strict=True)))
    scores, index = tf.math.top_k(both.scores, count)
    best = Hypotheses(*(tf.gather(tensor, index, batch_dims=1) for tensor in both))
    return best._replace(scores=scores)


def _no_coverage(attention, batch, beam):
    return tf.zeros([batch, beam, attention.shape[-1] or tf.shape(attention)[-1]])
