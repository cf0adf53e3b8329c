"""Constraints on the next token, which set log-probabilities to `FORBIDDEN`."""

import tensorflow as tf

from ..special_tokens import FORBIDDEN
from .hypotheses import possible


def constrain(
    log_probs: tf.Tensor,
    position: tf.Tensor,
    history: tf.Tensor,
    *,
    min_length: int,
    no_repeat_ngram: int,
    bos: int,
    eos: int,
    pad: int,
    allowed: tf.Tensor | None = None,
) -> tf.Tensor:
    """Forbids pad and bos, eos before `min_length` tokens, and repeated n-grams.

    Args:
      log_probs: float32 [rows, vocab], of the token at `position`.
      position: int32 scalar, tokens produced so far.
      history: int32 [rows, time], of which the first `position` columns are filled.
      min_length: tokens before eos is allowed; ignored where all other tokens are forbidden.
      no_repeat_ngram: length of the n-grams that may not occur twice; 0: off.
      bos, eos, pad: the tokens that begin, end and pad a string.
      allowed: bool, broadcastable to [rows, vocab]: a hard constraint. All other tokens are
        forbidden; where the rules above leave no allowed token, it overrides them.

    Returns:
      float32 [rows, vocab].
    """
    vocab = tf.shape(log_probs)[-1]
    never = tf.reduce_sum(tf.one_hot([pad, bos], vocab, on_value=FORBIDDEN, off_value=0.0), 0)
    kept = log_probs + never
    if no_repeat_ngram > 0:
        kept = _forbid_repeats(kept, position, history, no_repeat_ngram)
    if min_length > 0:
        is_eos = tf.one_hot(eos, vocab, on_value=True, off_value=False)
        early = is_eos & (position < min_length)  # [vocab]
        if no_repeat_ngram > 0:
            others = tf.where(is_eos, FORBIDDEN, kept)
            early &= tf.reduce_any(possible(others), -1, keepdims=True)  # [rows, vocab]
        kept = tf.where(early, FORBIDDEN, kept)
    if allowed is not None:
        nothing_left = ~tf.reduce_any(possible(kept) & allowed, -1, keepdims=True)  # [rows, 1]
        kept = tf.where(nothing_left, log_probs, kept)
        kept = tf.where(allowed, kept, FORBIDDEN)
    return kept


def _forbid_repeats(log_probs, position, history, n):
    """Forbids every token that has followed the last n - 1 tokens before.

    Window j of the history is its tokens j ... j + n - 1: where its first n - 1 tokens equal the
    last n - 1 tokens produced, its n-th token is forbidden.
    """
    rows, time = tf.unstack(tf.shape(history))
    windows = tf.maximum(time - n + 1, 0)
    match = tf.range(windows)[tf.newaxis] + n - 1 < position  # [1, windows], entirely in the past
    for i in range(n - 1):
        last = tf.gather(history, tf.maximum(position - n + 1 + i, 0), axis=1)
        match &= history[:, i : i + windows] == last[:, tf.newaxis]  # [rows, windows]
    match = tf.broadcast_to(match, [rows, windows])
    nth = tf.maximum(history[:, n - 1 :], 0)  # a negative pad is not a valid index
    row = tf.broadcast_to(tf.range(rows)[:, tf.newaxis], [rows, windows])
    return tf.tensor_scatter_nd_min(
        log_probs,
        tf.stack([row, nth], axis=-1),  # [rows, windows, 2]
        tf.where(match, FORBIDDEN, tf.float32.max),
    )
