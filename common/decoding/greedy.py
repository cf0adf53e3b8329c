"""Greedy search, and the decoding loop that it shares with sampling."""

from collections.abc import Callable

import tensorflow as tf

from ..searches import Greedy
from ..special_tokens import BOS, EOS, FORBIDDEN, PAD
from .constraints import constrain
from .hypotheses import Hypotheses, keep_shapes, row_limits

GREEDY = Greedy()


def greedy_search(
    step,
    state,
    batch,
    max_length,
    settings: Greedy = GREEDY,
    *,
    bos: int = BOS,
    eos: int = EOS,
    pad: int = PAD,
    first: tf.Tensor | None = None,
    allowed: Callable | None = None,
) -> Hypotheses:
    """Chooses the most probable token at each step: y_t = argmax_y P(y | y_1 ... y_t-1, x).

    Args:
      step: step(tokens, state) -> (logits, state) over `batch` rows.
      state: nest of tensors with `batch` rows.
      batch: batch size, an int or an int32 scalar.
      max_length: int or int32 [batch], maximum length of each row in tokens, eos included.
      settings: `Greedy`.
      bos, eos, pad: the tokens that begin, end and pad a string.
      first: int32 [batch], the token before each string; None: bos.
      allowed: a hard constraint, see the package.

    Returns:
      `Hypotheses` with n_best = 1, scores equal to log_probs.
    """

    def choose(log_probs, position):
        return tf.argmax(log_probs, -1, output_type=tf.int32)

    return generate(
        step,
        state,
        batch,
        max_length,
        choose,
        min_length=settings.min_length,
        no_repeat_ngram=settings.no_repeat_ngram,
        bos=bos,
        eos=eos,
        pad=pad,
        first=first,
        allowed=allowed,
    )


def generate(
    step,
    state,
    batch,
    max_length,
    choose: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    *,
    min_length: int,
    no_repeat_ngram: int,
    bos: int,
    eos: int,
    pad: int,
    ends: int = 1,
    first: tf.Tensor | None = None,
    allowed: Callable | None = None,
) -> Hypotheses:
    """Generates one hypothesis per row, token by token, until all rows end.

    Args:
      step, state, batch, max_length, bos, eos, pad, first, allowed: as in `greedy_search`.
      choose: choose(log_probs [batch, vocab], position) -> int32 [batch], the next tokens.
      min_length, no_repeat_ngram: as in `Greedy`.
      ends: a row ends with its `ends`-th eos, or at its maximum length.

    Returns:
      `Hypotheses` with n_best = 1, scores equal to log_probs.
    """
    limits, time = row_limits(max_length, batch)

    def unfinished(position, tokens, done, history, lengths, log_probs, state):
        return ~tf.reduce_all(done)

    def body(position, tokens, done, history, lengths, log_probs, state):
        before = (tokens, done, history, lengths, log_probs, state)
        logits, state = step(tokens, state)
        next_log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32))  # [batch, vocab]
        constrained = constrain(
            next_log_probs,
            position,
            history,
            min_length=min_length,
            no_repeat_ngram=no_repeat_ngram,
            bos=bos,
            eos=eos,
            pad=pad,
            allowed=None if allowed is None else allowed(position, state),
        )
        tokens = choose(constrained, position)
        log_prob = tf.gather(next_log_probs, tokens, batch_dims=1)
        log_probs += tf.where(done, 0.0, log_prob)
        history = tf.where(
            (tf.range(time) == position) & ~done[:, tf.newaxis], tokens[:, tf.newaxis], history
        )  # [batch, time]
        lengths += tf.cast(~done, tf.int32)
        ended = tf.reduce_sum(tf.cast(history == eos, tf.int32), 1)  # [batch], eos so far
        done |= (ended >= ends) | (lengths >= limits)
        after = (tokens, done, history, lengths, log_probs, state)
        return position + 1, *keep_shapes(after, before)

    _, _, _, history, lengths, log_probs, _ = tf.while_loop(
        unfinished,
        body,
        (
            tf.constant(0),
            tf.fill([batch], bos) if first is None else first,
            limits <= 0,
            tf.fill([batch, time], pad),
            tf.zeros([batch], tf.int32),
            tf.zeros([batch]),
            state,
        ),
    )
    scores = tf.where(limits > 0, log_probs, FORBIDDEN)[:, tf.newaxis]
    return Hypotheses(history[:, tf.newaxis], lengths[:, tf.newaxis], scores, scores)
