"""One entry to every search: the settings say which one it is."""

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
    """Runs the search that `search` asks for.

    Args:
      search: `Greedy`, `Sampling` or `Beam`.
      step: step(tokens, state) -> (logits, state) over batch * search.width rows.
      state: nest of tensors with `batch` rows; beam search repeats it.
      batch: rows, an int or an int32 scalar.
      max_length: int or int32 [batch], tokens a row may have, eos included.
      keys: string [batch], for sampling: what is drawn for a row depends on the seed (int32 scalar
        or [batch]) and its key alone. None: on the seed and the row's number.
      source_mask: bool [batch, source], valid source positions, for a beam's coverage penalty.
      options: `first`, `allowed`, `bos`, `eos` and `pad` of any search, `ends` of sampling.

    Returns:
      `Hypotheses`, of which only a beam gives more than one for each row.

    Raises:
      UserError: a coverage penalty for a state without attention.
      TypeError: `search` is none of the three.
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
    raise TypeError(f"{search!r} is no search: give Greedy, Sampling or Beam")
