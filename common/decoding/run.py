"""The common entry point of all searches, chosen by the type of their settings."""

from dataclasses import replace

import tensorflow as tf

from ..searches import Beam, Greedy, Sampling, Search
from .beam import beam_search
from .greedy import greedy_search
from .hypotheses import Hypotheses
from .sampling import sample, text_seeds


def run_search(
    search: Search,
    step,
    state,
    batch,
    max_length,
    *,
    keys: tf.Tensor | None = None,
    source_mask: tf.Tensor | None = None,
    **options,
) -> Hypotheses:
    """Runs a search with the given settings.

    Args:
      search: `Greedy`, `Sampling` or `Beam`.
      step: step(tokens, state) -> (logits, state) over batch * search.width rows.
      state: nest of tensors with `batch` rows; beam search repeats it.
      batch: batch size, an int or an int32 scalar.
      max_length: int or int32 [batch], maximum length of each row in tokens, eos included.
      keys: string [batch], for sampling: the draw of a row depends only on the seed (int32 scalar
        or [batch]) and its key. None: on the seed and the row index.
      source_mask: bool [batch, source], valid source positions, for a beam's coverage penalty.
      options: `first`, `allowed`, `bos`, `eos` and `pad` of any search, `ends` of sampling.

    Returns:
      `Hypotheses`; only beam search gives more than one per row.

    Raises:
      UserError: a coverage penalty with a state without attention.
      TypeError: `search` is of another type.
    """
    match search:
        case Greedy():
            return greedy_search(step, state, batch, max_length, search, **options)
        case Sampling():
            if keys is not None:
                search = replace(search, seed=text_seeds(search.seed, keys))
            return sample(step, state, batch, max_length, search, **options)
        case Beam():
            return beam_search(
                step, state, batch, max_length, search, source_mask=source_mask, **options
            )
    raise TypeError(f"{search!r} is not a search: give Greedy, Sampling or Beam")
