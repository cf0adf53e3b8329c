"""Sampling of strings from the model's distribution, reproducible by a seed."""

from collections.abc import Callable

import tensorflow as tf

from ..searches import Sampling
from ..special_tokens import BOS, EOS, FORBIDDEN, PAD
from .greedy import generate
from .hypotheses import Hypotheses

HOTTEST = 1e6  # noise of a higher temperature could select FORBIDDEN tokens


def sample(
    step,
    state,
    batch,
    max_length,
    settings: Sampling,
    *,
    bos: int = BOS,
    eos: int = EOS,
    pad: int = PAD,
    ends: int = 1,
    first: tf.Tensor | None = None,
    allowed: Callable | None = None,
) -> Hypotheses:
    """Draws y_t from P(y | y_1 ... y_t-1, x) ** (1 / temperature), truncated and normalised.

    By the Gumbel-max trick: y = argmax(log P + temperature * g), g = -log(-log(u)), u uniform in
    (0, 1), which draws exactly from that distribution and is greedy search at temperature 0.
    Forbidden tokens are removed first, then all but the `top_k`, then all outside the nucleus.

    Args:
      step, state, batch, max_length, bos, eos, pad, first, allowed: as in `greedy_search`.
      settings: `Sampling`. With one seed (an int, or int32 [2]) a row's string depends on it and on
        the row index; with a seed per row (int32 [batch, 2]) it depends only on that. Temperatures
        are capped at 1e6, which is nearly uniform. A top_k or top_p that is a tensor costs a sort
        of the vocabulary per step. top_p keeps the smallest set of most probable tokens that
        together have at least this probability.
      ends: a string ends with its `ends`-th eos.

    Returns:
      `Hypotheses` with n_best = 1; scores and log_probs are the model's log-probability of the
      string, at temperature 1 and before truncation.
    """
    top_k, top_p = settings.top_k, settings.top_p
    temperature = tf.minimum(tf.cast(settings.temperature, tf.float32), HOTTEST)
    seed = tf.convert_to_tensor(settings.seed)
    if seed.shape.rank == 0:
        seed = tf.stack([seed, 0])
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
        min_length=settings.min_length,
        no_repeat_ngram=settings.no_repeat_ngram,
        bos=bos,
        eos=eos,
        pad=pad,
        ends=ends,
        first=first,
        allowed=allowed,
    )


def text_seeds(seeds, texts):
    """Seeds of rows by their texts, so that a draw does not depend on the rest of the batch.

    Args:
      seeds: int32 scalar or [batch].
      texts: string [batch].

    Returns:
      int32 [batch, 2], the seed and a hash of the text of each row.
    """
    hashes = tf.cast(tf.strings.to_hash_bucket_fast(texts, 2**31 - 1), tf.int32)
    return tf.stack([tf.broadcast_to(seeds, tf.shape(hashes)), hashes], 1)


def _uniform(seed, position, shape):
    """Uniform float32 of `shape` in (0, 1), by one seed [2], or by a seed per row [rows, 2]."""

    def draw(seed, shape):
        seed = tf.random.experimental.stateless_fold_in(seed, position)
        return tf.random.stateless_uniform(shape, seed, minval=1e-30)  # log(0) * 0 would be NaN

    if seed.shape.rank == 1:
        return draw(seed, shape)
    return tf.map_fn(lambda one: draw(one, shape[1:]), seed, fn_output_signature=tf.float32)
