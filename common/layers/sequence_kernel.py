"""The sequence kernel: runs a step program over time, with its own back-propagation."""

import tensorflow as tf

from ..errors import ArgumentError
from .step_program import Elementwise, Mixing, Product, Split, joined, run_step


def run_sequence(program, update, states, inputs, constants, mask=None, go_backwards=False):
    """Runs a program of common/layers/step_program.py over time.

    The loop forward keeps the states and the results of the products, nothing else. The gradient
    starts with the derivatives of the elementwise functions, for all steps at once: a few passes
    over long arrays instead of many small operations a step. Its loop back in time then only
    multiplies by them and by the transposed weights. The gradients of the weights, and of whatever
    else is fixed over time, follow for all steps at once, one large product a weight, where
    automatic differentiation adds up one small product a step.

    Tried and measured on two CPU cores: this takes 0.40 to 0.80 of the time of
    `keras.layers.LSTM` (geometric mean 0.60 over the shapes of docs/layers.md). Steps of
    `[1, batch, size]`, whose products TensorFlow gives to oneDNN, were slower at small batches
    (0.97 where this takes 0.70); both directions batched into one product were slower than two
    loops side by side, which run in parallel; TensorFlow's BlockLSTM operations took 1.3 to 1.8 of
    Keras' time; XLA took 3.7 times as long as this at batch 16; a loop unrolled in Python starts
    slowly for long sequences.

    Args:
        program: operations over the names of states, inputs and constants. Its functions must take
            every tensor as an argument: what they close over has no gradient.
        update: dict, state -> the name of its next value.
        states: dict of the first states `[batch, size]`.
        inputs: dict of sequences `[time, batch, size]`.
        constants: dict of what is the same at every step: weights, biases.
        mask: bool `[time, batch, 1]` or None; a masked step repeats the states before it.
        go_backwards: from the last step to the first (outputs stay at their own time).

    Returns:
        (`[time, batch, size]`, the first state after each step; list of all last states).
    """
    names = [*states, *inputs, *constants]

    @tf.custom_gradient
    def run(*tensors):
        given = dict(zip(names, tensors, strict=True))
        sequence = _Sequence(program, update, states, inputs, constants, given, mask, go_backwards)
        last = sequence.forward()

        def gradient(*arrived):
            # Of a state that was looked up by tf.gather they are IndexedSlices.
            d_outputs, *d_last = map(tf.convert_to_tensor, arrived)
            # Of a sequence in pieces: not before the piece after this one is done, for memory.
            with tf.control_dependencies(d_last):
                found = sequence.gradients(d_outputs, d_last)
            return [found.get(name) for name in names]

        return (sequence.results[next(iter(states))], *last), gradient

    outputs, *last = run(*states.values(), *inputs.values(), *constants.values())
    return outputs, last


class _Moment:
    """A step t of the loop back in time: what operations look up there."""

    def __init__(self, sequence, values, slopes, transposed, t):
        self.all, self.slopes, self.transposed, self.t = values, slopes, transposed, t
        self.constants = sequence.constants

    def value(self, name):
        return self.all[name] if name in self.constants else self.all[name][self.t]


class _Sequence:
    def __init__(self, program, update, states, inputs, constants, given, mask, go_backwards):
        self.program, self.update, self.given = program, update, given
        self.states, self.inputs, self.constants = list(states), set(inputs), set(constants)
        self.mask, self.go_backwards = mask, go_backwards
        self.first = [given[name] for name in states]
        sequence = given[next(iter(inputs))]
        self.time = tf.shape(sequence)[0]
        self.may_be_empty = not sequence.shape[0]  # its length is 0, or not known yet
        self.products = [op for op in program if isinstance(op, Product)]
        # Functions that read inputs or constants: these get their gradients after the loop, out of
        # what arrived at the results.
        outer = self.inputs | self.constants
        functions = [op for op in program if isinstance(op, (Elementwise, Mixing))]
        self.watched = [op for op in functions if outer & set(op.of)]

    def moment(self, number):
        return self.time - 1 - number if self.go_backwards else number

    def loop(self, body, states, widths):
        """`body(t, number, states, arrays)` for every step: (last states, sequences `[time, batch,
        width]` of what it wrote)."""
        size = tf.maximum(self.time, 1) if self.may_be_empty else self.time
        arrays = [tf.TensorArray(states[0].dtype, size) for _ in widths]
        if self.may_be_empty:
            # An array without any step cannot be stacked; this one is overwritten, or cut off.
            batch = tf.shape(states[0])[0]
            arrays = [
                array.write(0, tf.zeros([batch, width], states[0].dtype))
                for array, width in zip(arrays, widths, strict=True)
            ]
        # A state may know a batch size that the inputs do not: a loop needs shapes that stay.
        shapes = [tf.TensorShape([None, state.shape[-1]]) for state in states]
        _, states, arrays = tf.while_loop(
            lambda number, *_: number < self.time,
            lambda number, *rest: (number + 1, *body(number, *rest)),
            (0, list(states), arrays),
            shape_invariants=(tf.TensorShape([]), shapes, [None] * len(widths)),
            maximum_iterations=self.time,
        )
        sequences = [self.cut(array.stack()) for array in arrays]
        for sequence, width in zip(sequences, widths, strict=True):
            sequence.set_shape([None, None, width])
        return states, sequences

    def cut(self, sequence):
        """As many steps as there are, where there may be none; this copies nothing."""
        return sequence[: self.time] if self.may_be_empty else sequence

    def choose(self, t, valid, masked):
        """The first ones at valid steps, the second ones at masked ones."""
        if self.mask is None:
            return valid
        return [tf.where(self.mask[t], *pair) for pair in zip(valid, masked, strict=True)]

    def forward(self):
        """Last states; `results` has the sequences of states and products."""
        kept = [op.out for op in self.products]
        widths = [state.shape[-1] for state in self.first]
        widths += [self.given[op.weight].shape[-1] for op in self.products]

        def body(number, old, arrays):
            t = self.moment(number)
            values = {name: self.given[name] for name in self.constants}
            values |= {name: self.given[name][t] for name in self.inputs}
            values = run_step(self.program, values | dict(zip(self.states, old, strict=True)))
            new = self.choose(t, [values[self.update[name]] for name in self.states], old)
            written = new + [values[name] for name in kept]
            return new, [a.write(t, tensor) for a, tensor in zip(arrays, written, strict=True)]

        last, sequences = self.loop(body, self.first, widths)
        self.results = dict(zip([*self.states, *kept], sequences, strict=True))
        return last

    def differentiate(self):
        """All values of all steps, the derivatives of the elementwise functions, and the tapes."""
        values, slopes, tapes = dict(self.given), {}, {}
        for name, first in zip(self.states, self.first, strict=True):  # before each step
            sequence = self.results[name]
            parts = (
                [sequence[1:], first[None]] if self.go_backwards else [first[None], sequence[:-1]]
            )
            values[name] = self.cut(tf.concat(parts, 0))
        for op in self.program:
            if isinstance(op, Product):
                values[op.out] = self.results[op.out]
            elif isinstance(op, Split):
                op.forward(values)
            else:
                with tf.GradientTape(persistent=True) as tape:
                    tape.watch([values[name] for name in op.of])
                    op.forward(values)
                tapes[op.out] = tape
                if isinstance(op, Elementwise):
                    inner = {n: values[n] for n in op.of if n not in self.inputs | self.constants}
                    found = tape.gradient(values[op.out], inner)
                    slopes[op.out] = {n: slope for n, slope in found.items() if slope is not None}
                    if inner and not slopes[op.out]:  # TensorFlow has turned tapes off
                        raise ArgumentError(
                            "forward-mode differentiation (tf.autodiff.ForwardAccumulator) of this "
                            "layer needs a tf.function around it, or unroll=True"
                        )
        return values, slopes, tapes

    def gradients(self, d_outputs, d_last):
        """name -> gradient, of first states, inputs and constants."""
        values, slopes, tapes = self.differentiate()
        kept = [op.out for op in self.products + self.watched]
        transposed = {op.weight: tf.transpose(values[op.weight]) for op in self.products}

        def body(number, d_states, arrays):
            t = self.time - 1 - self.moment(number)
            d_states = [d_states[0] + d_outputs[t], *d_states[1:]]
            nothing = [tf.zeros_like(d) for d in d_states]
            arrived = {}  # name of a value -> its gradient at this step
            for name, d in zip(self.states, self.choose(t, d_states, nothing), strict=True):
                _add(arrived, self.update[name], d)
            moment = _Moment(self, values, slopes, transposed, t)
            for op in reversed(self.program):
                if isinstance(op, Split):
                    at_result = [arrived[name] for name in op.out]
                else:
                    at_result = arrived[op.out]
                for name, term in op.backward(at_result, moment):
                    _add(arrived, name, term)
            d_old = [arrived.get(name, d) for name, d in zip(self.states, nothing, strict=True)]
            arrays = [a.write(t, arrived[name]) for a, name in zip(arrays, kept, strict=True)]
            return self.choose(t, d_old, d_states), arrays

        widths = [values[name].shape[-1] for name in kept]
        d_first, sequences = self.loop(body, d_last, widths)
        found = dict(zip(self.states, d_first, strict=True))
        arrived = dict(zip(kept, sequences, strict=True))
        for op in self.products:
            left, result = joined(op.left, values), arrived[op.out]
            flat = [tf.reshape(tensor, [-1, tensor.shape[-1]]) for tensor in (left, result)]
            _add(found, op.weight, tf.matmul(*flat, transpose_a=True))
            if op.add in self.given:
                _add(
                    found,
                    op.add,
                    tf.reduce_sum(result, [0, 1]) if op.add in self.constants else result,
                )
        for op in self.watched:
            outer = {name: values[name] for name in op.of if name in self.inputs | self.constants}
            for name, term in (
                tapes[op.out].gradient(values[op.out], outer, arrived[op.out]).items()
            ):
                _add(found, name, term)
        return found


def _add(sums, name, term):
    if term is not None:
        sums[name] = sums[name] + term if name in sums else term
