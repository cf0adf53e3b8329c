"""Random strings from the model's distribution, the same ones for the same seed."""

import math
from collections.abc import Callable

import tensorflow as tf

from ..errors import UserError
from ..special_tokens import BOS, EOS, PAD
from .greedy import generate
from .hypotheses import FORBIDDEN, Hypotheses

HOTTEST = 1e6  # noise of a higher temperature would lift what is FORBIDDEN


def sample(
    step,
    state,
    batch,
    max_length,
    *,
    seed,
    temperature=1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_length: int = 0,
    no_repeat_ngram: int = 0,
    bos: int = BOS,
    eos: int = EOS,
    pad: int = PAD,
    ends: int = 1,
    first: tf.Tensor | None = None,
    allowed: Callable | None = None,
) -> Hypotheses:
    """Draws y_t from P(y | y_1 ... y_t-1, x) ** (1 / temperature), normalised, of the likely y.

    By the Gumbel maximum: y = argmax(log P + temperature * g), g = -log(-log(u)), u uniform in
    (0, 1), which draws from that very distribution and is greedy search at temperature 0. What
    is forbidden is taken out first, then all but the `top_k`, then all beyond the nucleus.

    Args:
      step, state, batch, max_length, min_length, no_repeat_ngram, first, allowed: as in
        `greedy_search`.
      seed: int32 [2] tensor or two ints: a row's string depends on it and on the row's number. Or
        int32 [batch, 2], a seed for each row: its string then depends on that alone.
      temperature: float or scalar tensor, >= 0; above 1e6 it is 1e6, which is even chances.
      ends: a string goes on until eos has come so many times.
      top_k: draw from the k most probable tokens (Fan et al. 2018); 0: off. It and top_p may be
        scalar tensors, which costs a sort of the vocabulary a step and is not checked.
      top_p: draw from the fewest most probable tokens that together have at least this
        probability (Holtzman et al. 2020, "nucleus sampling"); 1: off.

    Returns `Hypotheses` with n_best = 1; scores and log_probs are the model's log-probability of
    the string, at temperature 1 and before anything was taken out.

    Raises UserError: temperature < 0 or not finite, top_k < 0, or top_p not in (0, 1].
    """
    if not tf.is_tensor(temperature) and not 0 <= temperature < math.inf:
        raise UserError(f"temperature is {temperature}: it must be 0 (greedy) or more")
    if not tf.is_tensor(top_k) and top_k < 0:
        raise UserError(f"top_k is {top_k}: it must be 0 (off) or more")
    if not tf.is_tensor(top_p) and not 0 < top_p <= 1:
        raise UserError(f"top_p is {top_p}: it must be above 0 and at most 1 (off)")
    temperature = tf.minimum(tf.cast(temperature, tf.float32), HOTTEST)
    seed = tf.convert_to_tensor(seed)
    dynamic = tf.is_tensor(top_k) or tf.is_tensor(top_p)

    def choose(log_probs, position):
        ids = None
        if dynamic or top_k or top_p < 1:
            vocab = tf.shape(log_probs)[-1]
            size = vocab if dynamic or not top_k else tf.minimum(top_k, vocab)
            log_probs, ids = tf.math.top_k(log_probs, size)  # [batch, size], most probable first
        if dynamic:
            kept = (tf.range(vocab) < top_k) | (top_k <= 0)
            log_probs = tf.where(kept, log_probs, FORBIDDEN)
        if dynamic or top_p < 1:
            tempered = tf.nn.softmax(log_probs / tf.maximum(temperature, 1e-6))
            more_probable = tf.cumsum(tempered, axis=-1, exclusive=True)
            nucleus = (more_probable < top_p) | (more_probable == 0)  # never empty
            log_probs = tf.where(nucleus, log_probs, FORBIDDEN)
        gumbel = -tf.math.log(-tf.math.log(_uniform(seed, position, tf.shape(log_probs))))
        choice = tf.argmax(log_probs + temperature * gumbel, -1, output_type=tf.int32)
        return choice if ids is None else tf.gather(ids, choice, batch_dims=1)

    return generate(
        step,
        state,
        batch,
        max_length,
        choose,
        min_length=min_length,
        no_repeat_ngram=no_repeat_ngram,
        bos=bos,
        eos=eos,
        pad=pad,
        ends=ends,
        first=first,
        allowed=allowed,
    )


def text_seeds(seeds, texts):
    """A seed for each row, int32 [batch, 2], from `seeds`, int32 scalar or [batch], and its text,
    string [batch]: what is drawn for a text does not depend on the others of its batch."""
    hashes = tf.cast(tf.strings.to_hash_bucket_fast(texts, 2**31 - 1), tf.int32)
    return tf.stack([tf.broadcast_to(seeds, tf.shape(hashes)), hashes], 1)


def _uniform(seed, position, shape):
    """float32 `shape` in (0, 1), of one seed [2], or of a seed for each row [rows, 2]."""

    def draw(seed, shape):
        seed = tf.random.experimental.stateless_fold_in(seed, position)
        return tf.random.stateless_uniform(shape, seed, minval=1e-30)  # log(0) * 0 would be NaN

    if seed.shape.rank == 1:
        return draw(seed, shape)
    return tf.map_fn(lambda one: draw(one, shape[1:]), seed, fn_output_signature=tf.float32)
