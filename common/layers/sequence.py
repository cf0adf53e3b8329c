"""The sequence kernel: runs a recurrent step over time, with back-propagation written by hand.

A cell describes its step as a short program over named tensors, made of four operations:

    Product      out = left W (+ add)      the only matrix product there is in a step
    Split        pieces of a tensor, side by side
    Elementwise  out = f(a, b, ...)        every unit by itself
    Mixing       out = f(a, b, ...)        any function of one row, such as layer normalisation

`step` runs a program once (what decoding does), `run_sequence` runs it over a sequence.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Product(NamedTuple):
    """out = left weight (+ add): `left` is one name, or several that are put side by side."""

    out: str
    left: str | tuple[str, ...]
    weight: str
    add: str = ""


class Split(NamedTuple):
    """The columns of a tensor as tensors of their own, `sizes` columns each."""

    out: tuple[str, ...]
    of: str
    sizes: tuple[int, ...]


class Elementwise(NamedTuple):
    """out = function(*of), where unit n of `out` depends on unit n of each argument alone; of an
    argument k times as wide, made of k blocks, on unit n of each block."""

    out: str
    function: Callable
    of: tuple[str, ...]


class Mixing(NamedTuple):
    """out = function(*of), row by row; differentiated anew at every step, which costs time."""

    out: str
    function: Callable
    of: tuple[str, ...]


def product(a, b, **transpose):
    # On [1, batch, units] TensorFlow runs the product by oneDNN, on [batch, units] by Eigen, which
    # is slower for small ones.
    return tf.matmul(a[None], b[None], **transpose)[0]


def joined(names, values):
    if isinstance(names, str):
        return values[names]
    return tf.concat([values[name] for name in names], -1)


def step(program, values):
    """Runs a program once: adds what it computes to `values`, a dict of tensors `[batch, size]`."""
    for op in program:
        if isinstance(op, Product):
            values[op.out] = product(joined(op.left, values), values[op.weight])
            if op.add:
                values[op.out] += values[op.add]
        elif isinstance(op, Split):
            values.update(zip(op.out, tf.split(values[op.of], op.sizes, -1), strict=True))
        else:
            values[op.out] = op.function(*(values[name] for name in op.of))
    return values


def run_sequence(program, update, states, inputs, constants, mask=None, go_backwards=False):
    """Runs a program over time.

    The loop forward keeps the states and the results of the products, nothing else. The gradient
    starts with the derivatives of the elementwise functions, for all steps at once (a few passes
    over long arrays instead of many small operations a step). Its loop back in time then only
    multiplies by them, and by the transposed weights; the gradients of the weights and of whatever
    else is fixed over time follow after it for all steps at once, one large product a weight.

    Tried and measured on two CPU cores: both directions batched into one product were slower than
    two loops side by side, which run in parallel; TensorFlow's BlockLSTM operations took 1.3 to 1.7
    of Keras' time. The table in docs/layers.md has what this kernel takes.

    Args:
        program: operations over the names of states, inputs and constants.
        update: dict, state -> the name of its next value.
        states: dict of the first states `[batch, size]`; the sequence of the first one is returned.
        inputs: dict of sequences `[time, batch, size]`.
        constants: dict of what is the same at every step: weights, biases, dropout masks.
        mask: bool `[time, batch, 1]` or None; a masked step repeats the states before it.
        go_backwards: from the last step to the first (outputs stay at their own time).

    Returns:
        (`[time, batch, size]` of the first state, list of all last states).
    """
    names = [*states, *inputs, *constants]
    time = tf.shape(next(iter(inputs.values())))[0]
    kept = [op.out for op in program if isinstance(op, Product)]
    functions = [op for op in program if isinstance(op, (Elementwise, Mixing))]
    # Functions that read inputs or constants: their gradients need what arrives at the result.
    outer = [op for op in functions if any(name in inputs or name in constants for name in op.of)]
    inner = {  # what they read besides; a function may read a name twice
        op.out: [n for n in dict.fromkeys(op.of) if n not in inputs and n not in constants]
        for op in functions
    }

    def moment(number):
        return time - 1 - number if go_backwards else number

    def loop(body, variables, arrays, dtype):
        arrays = [tf.TensorArray(dtype, time) for _ in range(arrays)]
        results = tf.while_loop(
            lambda number, *_: number < time,
            body,
            (0, list(variables), arrays),
            maximum_iterations=time,
        )
        return results[1], [array.stack() for array in results[2]]

    @tf.custom_gradient
    def run(*tensors):
        given = dict(zip(names, tensors, strict=True))
        fixed = {name: given[name] for name in constants}
        first = [given[name] for name in states]
        dtype = first[0].dtype
        sizes = {}

        def forward(number, old, arrays):
            t = moment(number)
            values = dict(zip(states, old, strict=True)) | fixed
            values = step(program, values | {name: given[name][t] for name in inputs})
            sizes.update({name: values[name].shape[-1] for name in kept})
            new = [values[update[name]] for name in states]
            if mask is not None:
                new = [tf.where(mask[t], n, o) for n, o in zip(new, old, strict=True)]
            written = new + [values[name] for name in kept]
            arrays = [array.write(t, tensor) for array, tensor in zip(arrays, written, strict=True)]
            return number + 1, new, arrays

        last, arrays = loop(forward, first, len(states) + len(kept), dtype)
        for array, size in zip(
            arrays, [f.shape[-1] for f in first] + list(sizes.values()), strict=True
        ):
            array.set_shape([None, None, size])
        sequences = dict(zip([*states, *kept], arrays, strict=True))

        def gradient(d_sequence, *d_last):
            values = dict(given)
            for name, start in zip(states, first, strict=True):  # the states before each step
                parts = [start[None], sequences[name][:-1]]
                if go_backwards:
                    parts = [sequences[name][1:], start[None]]
                values[name] = tf.concat(parts, 0)
            values |= {name: sequences[name] for name in kept}
            derivatives, tapes = {}, {}
            for op in program:
                if isinstance(op, Split):
                    step([op], values)
                elif not isinstance(op, Product):
                    with tf.GradientTape(persistent=True) as tapes[op.out]:
                        tapes[op.out].watch([values[name] for name in op.of])
                        step([op], values)
                    if isinstance(op, Elementwise):
                        arguments = [values[name] for name in inner[op.out]]
                        derivatives[op.out] = tapes[op.out].gradient(values[op.out], arguments)

            def backward(number, d_states, arrays):
                t = time - 1 - moment(number)
                d_states = [d_states[0] + d_sequence[t], *d_states[1:]]
                passed = d_states
                if mask is not None:
                    d_states = [tf.where(mask[t], d, tf.zeros_like(d)) for d in d_states]
                d = {}

                def add(name, term):
                    d[name] = d[name] + term if name in d else term

                for name, term in zip(states, d_states, strict=True):
                    add(update[name], term)
                arrays = dict(zip(kept + [op.out for op in outer], arrays, strict=True))
                for op in reversed(program):
                    if isinstance(op, Product):
                        arrays[op.out] = arrays[op.out].write(t, d[op.out])
                        term = product(d[op.out], fixed[op.weight], transpose_b=True)
                        lefts = [op.left] if isinstance(op.left, str) else op.left
                        widths = [values[name].shape[-1] for name in lefts]
                        for name, part in zip(lefts, tf.split(term, widths, -1), strict=True):
                            add(name, part)
                        if op.add and op.add not in given:
                            add(op.add, d[op.out])
                    elif isinstance(op, Split):
                        add(op.of, tf.concat([d[name] for name in op.out], -1))
                    else:
                        arrived = d[op.out]
                        if op in outer:
                            arrays[op.out] = arrays[op.out].write(t, arrived)
                        if isinstance(op, Elementwise):
                            for name, slope in zip(inner[op.out], derivatives[op.out], strict=True):
                                if slope is not None:
                                    times = slope.shape[-1] // arrived.shape[-1]
                                    wide = tf.tile(arrived, [1, times]) if times > 1 else arrived
                                    add(name, wide * slope[t])
                        else:
                            now = {n: values[n] if n in fixed else values[n][t] for n in op.of}
                            with tf.GradientTape() as tape:
                                tape.watch([now[n] for n in inner[op.out]])
                                result = op.function(*(now[n] for n in op.of))
                            arguments = [now[n] for n in inner[op.out]]
                            terms = tape.gradient(result, arguments, arrived)
                            for name, term in zip(inner[op.out], terms, strict=True):
                                add(name, term)
                new = [
                    d.get(name, tf.zeros_like(p)) for name, p in zip(states, passed, strict=True)
                ]
                if mask is not None:
                    new = [tf.where(mask[t], n, p) for n, p in zip(new, passed, strict=True)]
                return number + 1, new, list(arrays.values())

            d_first, arrays = loop(backward, d_last, len(kept) + len(outer), dtype)
            d = dict(zip(states, d_first, strict=True))
            arrays = dict(zip(kept + [op.out for op in outer], arrays, strict=True))

            def add(name, term):
                if term is not None:
                    d[name] = d[name] + term if name in d else term

            for op in program:
                if isinstance(op, Product):
                    left, arrived = joined(op.left, values), arrays[op.out]
                    flat = [tf.reshape(x, [-1, x.shape[-1]]) for x in (left, arrived)]
                    add(op.weight, tf.matmul(*flat, transpose_a=True))
                    if op.add in given:
                        vector = op.add in constants
                        add(op.add, tf.reduce_sum(arrived, [0, 1]) if vector else arrived)
                elif op in outer:
                    read = [n for n in dict.fromkeys(op.of) if n in inputs or n in constants]
                    tape, result = tapes[op.out], values[op.out]
                    terms = tape.gradient(result, [values[n] for n in read], arrays[op.out])
                    for name, term in zip(read, terms, strict=True):
                        add(name, term)
            return [d.get(name) for name in names]

        return (sequences[next(iter(states))], *last), gradient

    outputs, *last = run(*states.values(), *inputs.values(), *constants.values())
    return outputs, last
