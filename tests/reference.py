"""Independent, plain versions of what the product does in the graph."""

import numpy as np

# --- search ----------------------------------------------------------------------------------


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def map_state(function, state):
    """Applies a function to every array of a nest of dicts, tuples and lists."""
    if isinstance(state, dict):
        return {key: map_state(function, value) for key, value in state.items()}
    if isinstance(state, (tuple, list)):
        return type(state)(map_state(function, value) for value in state)
    return function(state)


def take_rows(state, rows):
    return map_state(lambda array: np.asarray(array)[rows], state)


def forbidden_tokens(tokens, config, bos=2, eos=3, pad=0):
    """Tokens that may not follow `tokens`, but for eos where nothing else is left."""
    forbidden = {pad, bos}
    n = config.no_repeat_ngram
    if n and len(tokens) >= n - 1:
        last = tokens[len(tokens) - n + 1 :]
        forbidden |= {
            tokens[j + n - 1] for j in range(len(tokens) - n + 1) if tokens[j : j + n - 1] == last
        }
    if len(tokens) < config.min_length:
        forbidden.add(eos)
    return forbidden


def next_log_probs(log_probs, tokens, config, bos=2, eos=3, pad=0):
    """Log-probabilities [vocab] of the next token, -inf where forbidden."""
    allowed = log_probs.copy()
    allowed[list(forbidden_tokens(tokens, config, bos, eos, pad))] = -np.inf
    if config.min_length and config.no_repeat_ngram and np.isneginf(allowed).all():
        allowed[eos] = log_probs[eos]
    return allowed


def score(log_prob, length, coverage, config):
    """GNMT score; coverage [valid source positions] is the attention received, or None."""
    value = log_prob / ((5 + length) / 6) ** config.length_penalty
    if config.coverage_penalty:
        value += config.coverage_penalty * np.log(np.clip(coverage, 1e-9, 1)).sum()
    return value


def beam_search_reference(
    step,
    state,
    batch,
    max_length,
    config,
    *,
    bos=2,
    eos=3,
    pad=0,
    source_mask=None,
    early_stop=True,
    take=take_rows,
):
    """Beam search as a Python loop over rows, hypotheses and tokens.

    Args:
      step: step(tokens int32 [batch * beam], state) -> (logits, state), called once a step.
      state: nest of arrays with `batch` rows.
      max_length: int, or one a row.
      config: anything with the fields of BeamConfig.
      take: take(state, rows) -> state of those rows.

    Returns for every row a list of (tokens, score, log_prob), best first, at most n_best.
    """
    beam = config.beam
    limits = np.broadcast_to(max_length, [batch])
    state = take(state, np.repeat(np.arange(batch), beam))
    live = [[(0.0, (), 0.0)] if limits[b] > 0 else [] for b in range(batch)]
    finished = [[] for _ in range(batch)]
    length = 0
    while any(live):
        length += 1
        tokens = np.full([batch * beam], pad, np.int32)
        for b in range(batch):
            for k, (_, string, _) in enumerate(live[b]):
                tokens[b * beam + k] = string[-1] if string else bos
        logits, state = step(tokens, state)
        log_probs = log_softmax(np.asarray(logits))
        attention = np.asarray(state["attention"]) if config.coverage_penalty else None
        rows = np.repeat(np.arange(batch) * beam, beam)
        for b in range(batch):
            candidates = []
            for k, (log_prob, string, coverage) in enumerate(live[b]):
                row = b * beam + k
                allowed = next_log_probs(log_probs[row], string, config, bos, eos, pad)
                count = min(2 * beam, allowed.size)
                if config.coverage_penalty:
                    valid = slice(None) if source_mask is None else source_mask[b]
                    coverage = coverage + attention[row][valid]
                for token in np.argpartition(-allowed, count - 1)[:count].tolist():
                    total = log_prob + float(allowed[token])
                    if total > -np.inf:
                        candidates.append((-total, k, token, string, coverage))
            candidates.sort(key=lambda candidate: candidate[:3])
            survivors = []
            for rank, (negative, k, token, string, coverage) in enumerate(candidates[: 2 * beam]):
                string = string + (token,)
                if token == eos or length == limits[b]:
                    if rank < beam:
                        value = score(-negative, length, coverage, config)
                        finished[b].append((string, value, -negative))
                elif len(survivors) < beam:
                    rows[b * beam + len(survivors)] = b * beam + k
                    survivors.append((-negative, string, coverage))
            finished[b].sort(key=lambda hypothesis: -hypothesis[1])  # stable
            del finished[b][config.n_best :]
            if early_stop and survivors and len(finished[b]) == config.n_best:
                bound = survivors[0][0] / ((5 + limits[b]) / 6) ** config.length_penalty
                if bound <= finished[b][-1][1]:
                    survivors = []
            live[b] = survivors
        state = take(state, rows)
    return finished


def brute_force_search(step, state, max_length, config, *, bos=2, eos=3, pad=0, source_mask=None):
    """Every string there is for a state of one row, as (tokens, score, log_prob), best first."""
    found = []

    def extend(string, log_prob, state, coverage):
        logits, state = step(np.array([string[-1] if string else bos], np.int32), state)
        allowed = next_log_probs(log_softmax(logits)[0], string, config, bos, eos, pad)
        if config.coverage_penalty:
            valid = slice(None) if source_mask is None else source_mask[0]
            coverage = coverage + state["attention"][0][valid]
        for token in np.flatnonzero(allowed > -np.inf).tolist():
            longer, total = string + (token,), log_prob + allowed[token]
            if token == eos or len(longer) == max_length:
                found.append((longer, score(total, len(longer), coverage, config), total))
            else:
                extend(longer, total, state, coverage)

    extend((), 0.0, state, 0.0)
    return sorted(found, key=lambda hypothesis: -hypothesis[1])


# --- recurrent cells -------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(x, state, weights):
    """One step of an LSTM in Keras' layout: gates i, f, g, o side by side; state is (h, c)."""
    (h, c), (kernel, recurrent_kernel, bias) = state, weights
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, (h, c)


def gru_step(x, state, weights):
    """One step of a GRU with reset after the product (cuDNN's form): gates z, r, n."""
    ((h,), (kernel, recurrent_kernel, bias)) = state, weights
    xz, xr, xn = np.split(x @ kernel + bias[0], 3, axis=-1)
    hz, hr, hn = np.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    h = z * h + (1 - z) * np.tanh(xn + r * hn)
    return h, (h,)


def simple_step(x, state, weights):
    """One step of Elman's network."""
    ((h,), (kernel, recurrent_kernel, bias)) = state, weights
    h = np.tanh(x @ kernel + h @ recurrent_kernel + bias)
    return h, (h,)


RECURRENT_STEPS = {"lstm": lstm_step, "gru": gru_step, "simple": simple_step}


# --- attention -------------------------------------------------------------------------------


def attention(score, query, memory, weights, mask):
    """One query [depth] over one memory [source, m]: (context, weights), word by word."""
    scores = []
    for m in memory:
        if score == "dot":
            scores.append(query @ m)
        elif score == "additive":
            scores.append(
                np.tanh(query @ weights["query_kernel"] + weights["bias"]
                        + m @ weights["key_kernel"]) @ weights["vector"][:, 0]
            )  # fmt: skip
        else:
            scale = np.sqrt(len(query)) if score == "scaled" else 1.0
            scores.append(query @ (m @ weights["key_kernel"]) / scale)
    share = np.where(mask, np.exp(np.array(scores) - max(scores)), 0.0)
    share /= share.sum()
    return share @ memory, share
