"""Back-propagation through time by the textbook formulas in NumPy, for study and as a reference.

    h_t = tanh(U x_t + W h_{t-1})        p_t = softmax(V h_t)        E_t = -log p_t[y_t]

    dE_t/dV = (p_t - y_t) h_t^T
    dE_t/dW = sum_{k <= t} dE_t/dh_k diag(1 - h_k^2) h_{k-1}^T         U: x_k in place of h_{k-1}
    dE_t/dh_{k-1} = W^T diag(1 - h_k^2) dE_t/dh_k,    dE_t/dh_t = V^T (p_t - y_t)

The product of the factors W^T diag(1 - h^2), one for each step of the lag t - k, makes gradients
vanish or explode (Pascanu et al. 2013).
"""

import numpy as np


def bptt(U, V, W, inputs, targets, hidden):
    """The terms of all gradients of one sequence.

    Args:
        U: `[units, depth]`. V: `[classes, units]`. W: `[units, units]`.
        inputs: `[time, depth]`. targets: int `[time]`, y_t. hidden: `[units]`, h before step 0.

    Returns:
        dict: "loss" `[time]`, E_t; "V" `[time, classes, units]`, dE_t/dV; "U" `[time, time, units,
        depth]` and "W" `[time, time, units, units]`, the term of step k in dE_t/dU and dE_t/dW at
        [t, k]; "hidden" `[time, time, units]`, dE_t/dh_k. The gradient of sum E_t is the sum over t
        and k; truncated back-propagation sums only the terms within its window.
    """
    time, units = len(inputs), len(W)
    states = [np.asarray(hidden)]  # states[t + 1] is h_t
    for x in inputs:
        states.append(np.tanh(U @ x + W @ states[-1]))
    terms = {
        "loss": np.zeros(time),
        "V": np.zeros([time, *V.shape]),
        "U": np.zeros([time, time, *U.shape]),
        "W": np.zeros([time, time, *W.shape]),
        "hidden": np.zeros([time, time, units]),
    }
    for t, target in enumerate(targets):
        logits = V @ states[t + 1]
        p = np.exp(logits - logits.max())
        p /= p.sum()
        terms["loss"][t] = -np.log(p[target])
        error = p - np.eye(len(V))[target]
        terms["V"][t] = np.outer(error, states[t + 1])
        d_hidden = V.T @ error
        for k in range(t, -1, -1):
            terms["hidden"][t, k] = d_hidden
            d_before_tanh = (1 - states[k + 1] ** 2) * d_hidden
            terms["U"][t, k] = np.outer(d_before_tanh, inputs[k])
            terms["W"][t, k] = np.outer(d_before_tanh, states[k])
            d_hidden = W.T @ d_before_tanh
    return terms
