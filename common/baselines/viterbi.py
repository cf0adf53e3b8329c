"""Viterbi search for the best path through a lattice, such as a hidden Markov model."""

from collections.abc import Callable, Sequence

import numpy as np


def viterbi(
    emissions: Sequence[np.ndarray], transitions: np.ndarray | Callable[[int], np.ndarray]
) -> tuple[list[int], float]:
    """The path z that maximises sum_t emissions[t][z_t] + sum_(t > 0) transition_t[z_(t-1), z_t].

    (Viterbi 1967.) Takes O(time * states^2).

    Args:
        emissions: for each position the log-scores of its states, whose number may differ from
            position to position; the first includes the log-probabilities of the start.
        transitions: `[states, states]`, the same everywhere, or t -> `[states of t - 1, states of
            t]` for t = 1 ... time - 1.

    Returns:
        (states, score of the path); ([], 0.0) without positions. Ties are broken from the end
        towards the lowest states.
    """
    if not len(emissions):
        return [], 0.0
    best, arrows = np.asarray(emissions[0]), []
    for t in range(1, len(emissions)):
        step = transitions(t) if callable(transitions) else transitions
        scores = best[:, None] + step  # [before, now]
        arrows.append(np.argmax(scores, 0))
        best = np.max(scores, 0) + emissions[t]
    path = [int(np.argmax(best))]
    for arrow in reversed(arrows):
        path.append(int(arrow[path[-1]]))
    return path[::-1], float(np.max(best))
