"""The step of every LSTM variant as a program for the sequence kernel."""

import tensorflow as tf

from .step_program import Elementwise, Mixing, Product, Split


def normalised(x, gain, bias=None, epsilon=1e-5):
    """Layer normalisation (Ba et al. 2016) over the last axis: gain (x - mean) / deviation."""
    mean, variance = tf.nn.moments(x, -1, keepdims=True)
    x = (x - mean) * tf.math.rsqrt(variance + epsilon) * gain
    return x if bias is None else x + bias


def lstm_program(cell):
    """(update, program) for the switches of an `LSTMCell`.

    Names: x (W x + b); z (all gates before their activation); seen (the gates before times the gate
    recurrence); c and new_c, h and new_h; old_peek, new_peek (full peepholes times c_{t-1} and
    c_t); p_i, p_f, p_o (diagonal peepholes).
    """
    program = _preactivations(cell)
    program += _cell_update_by_gates(cell) if cell.gate_states else _cell_update(cell)
    program += _output(cell)
    update = {"h": "new_h", "c": "new_c"} | {gate: f"new_{gate}" for gate in cell.gate_states}
    return update, program


def _preactivations(cell):
    ops = [Product("z", ("h",), "recurrent_kernel", "x")]
    if cell.layer_norm:
        ops = [
            Product("u", ("h",), "recurrent_kernel"),
            Mixing("z", lambda x, u, gain: x + normalised(u, gain), ("x", "u", "recurrent_gain")),
        ]
    if cell.gate_states:
        ops.append(Product("seen", cell.gate_states, "gate_kernel"))
        pieces = tuple(f"seen_{gate}" for gate in cell.gate_states)
        ops.append(Split(pieces, "seen", (cell.units,) * len(pieces)))
    if cell.peepholes == "full" and _all_but_o(cell.peephole_gates):
        ops.append(Product("old_peek", ("c",), "old_peepholes"))
    return ops


def _all_but_o(gates):
    """The gates that act before the new cell state is known, which is what o sees."""
    return tuple(gate for gate in gates if gate != "o")


def _peephole(cell, gate):
    """Names of what a gate reads of the cell state besides c itself, and what they add to it."""
    if gate not in cell.peephole_gates:
        return (), lambda c: 0.0
    if cell.peepholes == "diagonal":
        return (f"p_{gate}",), lambda c, p: p * c
    return (f"peek_{gate}",), lambda c, peek: peek


def _new_cell(cell, i, f, g, c):
    """c_t out of the gates, None for those that are always open."""
    g = cell.activation(g)
    if cell.coupled_gates:
        f = 1 - i
    new = (g if i is None else i * g) + (c if f is None else f * c)
    return tf.clip_by_value(new, -cell.cell_clip, cell.cell_clip) if cell.cell_clip else new


def _cell_update(cell):
    """c_t in one function of all gates but o: the fewest operations a step."""
    early = _all_but_o(cell.gates)
    peeping = _all_but_o(cell.peephole_gates)
    diagonal = cell.peepholes == "diagonal"

    def new_cell(z, c, *peepholes):
        gates = dict(zip(early, tf.split(z, len(early), -1), strict=True))
        if peeping:
            terms = (
                [p * c for p in peepholes] if diagonal else tf.split(*peepholes, len(peeping), -1)
            )
            for gate, term in zip(peeping, terms, strict=True):
                gates[gate] += term
        i, f = (cell.recurrent_activation(gates[n]) if n in gates else None for n in ("i", "f"))
        return _new_cell(cell, i, f, gates["g"], c)

    sizes = (len(early) * cell.units, cell.units)
    ops = [Split(("early", "o"), "z", sizes)] if cell.output_gate else []
    of = ("early" if cell.output_gate else "z", "c")
    if peeping:
        of += tuple(f"p_{gate}" for gate in peeping) if diagonal else ("old_peek",)
    return [*ops, Elementwise("new_c", new_cell, of)]


def _cell_update_by_gates(cell):
    """c_t where the gates are states themselves, each with a name of its own."""
    pieces = tuple(f"z_{gate}" for gate in cell.gates)
    ops = [Split(pieces, "z", (cell.units,) * len(pieces))]
    peeping = _all_but_o(cell.peephole_gates)
    if peeping and cell.peepholes == "full":
        pieces = tuple(f"peek_{gate}" for gate in peeping)
        ops.append(Split(pieces, "old_peek", (cell.units,) * len(peeping)))
    for gate in _all_but_o(cell.gate_states):
        ops.append(_gate(cell, gate, "c"))
    open_gates = tuple(f"new_{gate}" for gate in _all_but_o(cell.gate_states))

    def new_cell(g, c, *gates):
        gates = dict(zip(open_gates, gates, strict=True))
        return _new_cell(cell, gates.get("new_i"), gates.get("new_f"), g, c)

    return [*ops, Elementwise("new_c", new_cell, ("z_g", "c", *open_gates))]


def _gate(cell, gate, state):
    names, term = _peephole(cell, gate)

    def activated(z, seen, *peephole):
        return cell.recurrent_activation(z + seen + (term(*peephole) if names else 0.0))

    of = (f"z_{gate}", f"seen_{gate}", *((state, *names) if names else ()))
    return Elementwise(f"new_{gate}", activated, of)


def _output(cell):
    ops, names, term = [], (), None
    if cell.output_gate:
        names, term = _peephole(cell, "o")
        if cell.peepholes == "full":
            ops.append(Product("peek_o", ("new_c",), "new_peepholes"))
    read = "new_c"
    if cell.layer_norm:
        ops.append(Mixing("normal_c", normalised, ("new_c", "cell_gain", "cell_bias")))
        read = "normal_c"
    out = "memory" if cell.proj_size else "new_h"
    activation, sigmoid = cell.output_activation, cell.recurrent_activation
    if cell.gate_states and cell.output_gate:
        ops.append(_gate(cell, "o", "new_c"))
        ops.append(Elementwise(out, lambda o, c: o * activation(c), ("new_o", read)))
    elif not cell.output_gate:
        ops.append(Elementwise(out, activation, (read,)))
    elif not names:
        ops.append(Elementwise(out, lambda o, c: sigmoid(o) * activation(c), ("o", read)))
    else:

        def output(o, c, seen, *peephole):
            return sigmoid(o + term(seen, *peephole)) * activation(c)

        ops.append(Elementwise(out, output, ("o", read, "new_c", *names)))
    if cell.proj_size:
        ops.append(Product("new_h", ("memory",), "projection"))
    return ops
