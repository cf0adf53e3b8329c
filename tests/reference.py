"""Independent plain versions of computations that the suite does in the graph."""

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
    """Tokens that may not follow `tokens`; eos is allowed if nothing else is."""
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
      max_length: int, or one per row.
      config: anything with the fields of `Beam`.
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
    """All strings from a state of one row, as (tokens, score, log_prob), best first."""
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
# Each step: (x [batch, depth], tuple of states, dict of weights by name) -> (output, states).


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def normalised(x, gain, bias=0.0):
    deviation = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x - x.mean(-1, keepdims=True)) / deviation * gain + bias


def lstm_step(x, state, weights, variant="", peepholes="none", clip=None, squash=np.tanh):
    """A step of an LSTM, gate by gate. `variant` is a name of Greff et al., such as "nig"."""
    h, c, *gates_before = state
    absent = {"nig": "i", "nfg": "f", "nog": "o", "cifg": "f"}.get(variant, "")
    gates = [gate for gate in "ifgo" if gate not in absent]
    seeing = [gate for gate in "ifo" if gate not in absent]  # in the order of their peepholes
    units = c.shape[-1]
    columns = {gate: slice(n * units, (n + 1) * units) for n, gate in enumerate(gates)}

    def from_x_and_h(gate):
        from_x, from_h = x @ weights["kernel"], h @ weights["recurrent_kernel"]
        if "kernel_gain" in weights:
            from_x = normalised(from_x, weights["kernel_gain"])
            from_h = normalised(from_h, weights["recurrent_gain"])
        total = (from_x + from_h + weights["bias"])[:, columns[gate]]
        if gates_before and gate != "g":
            target = seeing.index(gate)
            for source, before in enumerate(gates_before):
                block = weights["gate_kernel"][source * units :, target * units :]
                total = total + before @ block[:units, :units]
        return total

    def gate(name, cell):
        if name in absent:
            return np.ones_like(c)
        total, row = from_x_and_h(name), seeing.index(name)
        if peepholes == "diagonal":
            total = total + weights["peephole_kernel"][row] * cell
        elif peepholes == "full":
            total = total + cell @ weights["peephole_kernel"][:, row * units : (row + 1) * units]
        return sigmoid(total)

    g = from_x_and_h("g")
    g = g if variant == "niaf" else squash(g)
    i = gate("i", c)
    f = 1 - i if variant == "cifg" else gate("f", c)
    c = f * c + i * g
    if clip:
        c = np.clip(c, -clip, clip)
    o = gate("o", c)
    seen = (
        normalised(c, weights["cell_gain"], weights["cell_bias"]) if "cell_gain" in weights else c
    )
    h = o * (seen if variant == "noaf" else squash(seen))
    if "projection" in weights:
        h = h @ weights["projection"]
    return h, (h, c, *[dict(i=i, f=f, o=o)[gate] for gate in seeing][: len(gates_before)])


def gru_step(x, state, weights):
    """A step of a GRU with reset after the product (cuDNN's form): gates z, r, n."""
    (h,), bias = state, weights["bias"]
    xz, xr, xn = np.split(x @ weights["kernel"] + bias[0], 3, axis=-1)
    hz, hr, hn = np.split(h @ weights["recurrent_kernel"] + bias[1], 3, axis=-1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    h = z * h + (1 - z) * np.tanh(xn + r * hn)
    return h, (h,)


def gru_reset_before_step(x, state, weights):
    """A step of the GRU of the paper: the state is reset, not its product."""
    (h,) = state
    xz, xr, xn = np.split(x @ weights["kernel"] + weights["bias"], 3, axis=-1)
    uz, ur, un = np.split(weights["recurrent_kernel"], 3, axis=-1)
    z, r = sigmoid(xz + h @ uz), sigmoid(xr + h @ ur)
    h = z * h + (1 - z) * np.tanh(xn + (r * h) @ un)
    return h, (h,)


def elman_step(x, state, weights):
    (h,) = state
    h = np.tanh(x @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights["bias"])
    return h, (h,)


def jordan_step(x, state, weights):
    (y,) = state
    h = np.tanh(x @ weights["kernel"] + y @ weights["recurrent_kernel"] + weights["bias"])
    y = np.tanh(h @ weights["output_kernel"] + weights["output_bias"])
    return y, (y,)


def ctrnn_slope(y, current, weights):
    """dy/dt of tau dy/dt = -y + W sigma(y - theta) + I."""
    drive = sigmoid(y - weights["theta"]) @ weights["recurrent_kernel"] + current
    return (drive - y) / np.exp(weights["log_tau"])


def ctrnn_step(x, state, weights, solver="exponential", substeps=1, dt=1.0):
    (y,), current, h = state, x @ weights["kernel"], dt / substeps

    def slope(y):
        return ctrnn_slope(y, current, weights)

    for _ in range(substeps):
        k1 = slope(y)
        if solver == "euler":
            y = y + h * k1
        elif solver == "exponential":
            tau = np.exp(weights["log_tau"])
            limit = y + tau * k1
            y = limit + np.exp(-h / tau) * (y - limit)
        elif solver == "heun":
            y = y + h / 2 * (k1 + slope(y + h * k1))
        elif solver == "rk4":
            k2 = slope(y + h / 2 * k1)
            k3 = slope(y + h / 2 * k2)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(y + h * k3))
    return y, (y,)


def _lstm(**options):
    return lambda x, state, weights: lstm_step(x, state, weights, **options)


RECURRENT_STEPS = {
    "lstm": lstm_step,
    "peephole_lstm": _lstm(peepholes="diagonal"),
    "full_peephole_lstm": _lstm(peepholes="full"),
    "np": lstm_step,
    "gru": gru_step,
    "gru_reset_before": gru_reset_before_step,
    "elman": elman_step,
    "simple": elman_step,
    "jordan": jordan_step,
    "ctrnn": ctrnn_step,
} | {
    variant: _lstm(variant=variant, peepholes="diagonal")
    for variant in ("nig", "nfg", "nog", "niaf", "noaf", "cifg", "fgr")
}


# --- attention -------------------------------------------------------------------------------


def attention(score, query, memory, weights, mask):
    """A query [depth] over a memory [source, m]: (context, weights), word by word."""
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
