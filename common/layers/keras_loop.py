"""What our recurrent layers share: the way from a Keras layer to the sequence kernel."""

import keras
import tensorflow as tf

from ..errors import ArgumentError
from ..keras_internals import init_rnn, input_dropout_mask, without_jit
from .program_cell import arguments_of
from .sequence_kernel import run_sequence

RNN_ARGUMENTS = (
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "zero_output_for_mask",
    "activity_regularizer",
)

# Functions of every unit by itself, which the kernel's derivatives rely on (softmax is none).
ELEMENTWISE = {
    getattr(keras.activations, name)
    for name in (
        *("elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "mish", "relu"),
        *("relu6", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh"),
    )
}


def pieces(time):
    """Bounds of the pieces of a sequence of known length: up to 8, of 25 steps or more.

    The kernel runs over one after the other, with the state carried. Its gradient holds the
    derivatives of one piece only, which for long sequences is half of the memory, at the same
    speed. More pieces make larger graphs; a length that differs from batch to batch has one.
    """
    count = max(1, min(8, (time or 0) // 25))
    bounds = [time * number // count for number in range(1, count)] if count > 1 else []
    return list(zip([0, *bounds], [*bounds, time], strict=True))


def checked_mask(mask, sequences):
    """A mask as a tensor `[batch, time]`, or None.

    Raises:
        ValueError: it has another shape.
    """
    mask = mask[0] if isinstance(mask, (list, tuple)) else mask
    if mask is None:
        return None
    mask, wanted = tf.convert_to_tensor(mask), sequences.shape[:2]
    if not mask.shape.is_compatible_with(wanted):
        raise ArgumentError(f"the mask is {mask.shape}: it must be [batch, time], {wanted}")
    return tf.cast(mask, tf.bool)


class SequenceLoop:
    """Mixin of a `keras.layers.RNN` whose cell is a `ProgramCell`: time runs in the sequence
    kernel. A layer that is unrolled, has recurrent dropout, (`implementation=1`) a dropout mask for
    each gate or an activation that is not in `ELEMENTWISE` runs in Keras' loop over cells.
    """

    def set_up(self, cell_class, cell_name, arguments):
        """What every constructor does: it makes the cell, and the layer around it.

        Args:
            arguments: the `locals()` of the constructor, which has its arguments by name and
                those of `keras.layers.Layer` as `kwargs`.
        """
        kwargs = arguments["kwargs"]
        shared = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        cell = cell_class(
            name=cell_name, **arguments_of(cell_class, arguments | {"kwargs": shared})
        )
        init_rnn(self, cell, **{name: arguments[name] for name in RNN_ARGUMENTS}, **kwargs)
        self._set_weight_dropout(arguments["recurrent_weight_dropout"], cell.seed)

    def _set_weight_dropout(self, rate, seed):
        """DropConnect on the recurrent kernels (Merity et al. 2018): in training one mask a call
        drops single weights with this rate, the same ones at every step and in every row."""
        if not 0 <= rate < 1:
            raise ArgumentError(f"recurrent_weight_dropout is {rate}: it must be from 0 to below 1")
        self.recurrent_weight_dropout = rate
        if rate:
            self.weight_seed = keras.random.SeedGenerator(seed)
            if not self.kernel_fits():
                raise ArgumentError(
                    "recurrent_weight_dropout goes neither with unroll nor with recurrent_dropout, "
                    "implementation=1 or a custom activation"
                )

    def kernel_fits(self):
        cell = self.cell
        names = ("activation", "recurrent_activation", "output_activation")
        one_mask = getattr(cell, "implementation", 2) == 2 or not cell.dropout
        elementwise = all(getattr(cell, n) in ELEMENTWISE for n in names if hasattr(cell, n))
        return elementwise and one_mask and not (self.unroll or cell.recurrent_dropout)

    def on_cudnn(self):
        """Whether Keras' layer, and not the kernel, runs over time: it has a cuDNN kernel."""
        return False

    def call(self, sequences, initial_state=None, mask=None, training=False):
        """Runs over whole sequences.

        Args:
            sequences: `[batch, time, depth]`; time may be 0.
            initial_state: list of the states before the first step, each `[batch, size]`.
            mask: bool `[batch, time]`; where it is False, the step is skipped.
            training: whether dropout is on.

        Returns:
            the last output `[batch, size]`, with `return_sequences` all of them `[batch, time,
            size]`; with `return_state` a tuple of that and each last state. After a sequence of
            length 0 the states, and the last output, are those before it.

        Raises:
            ValueError: the mask is not `[batch, time]`.
        """
        mask = checked_mask(mask, sequences)
        batch, time, depth = sequences.shape
        if time == 0:
            return self._call_on_nothing(sequences, initial_state)
        if self.cell.dropout:  # else Keras looks up the first step, which there may not be
            batch = tf.shape(sequences)[0] if batch is None else batch
            input_dropout_mask(self.cell, tf.ones([batch, depth], sequences.dtype))
        return super().call(sequences, initial_state=initial_state, mask=mask, training=training)

    def _call_on_nothing(self, sequences, initial_state):
        """The results of sequences of length 0, `[batch, 0, depth]`."""
        batch = tf.shape(sequences)[0] if sequences.shape[0] is None else sequences.shape[0]
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(batch)
        states = initial_state if isinstance(initial_state, (list, tuple)) else [initial_state]
        states = [tf.cast(tf.convert_to_tensor(s), self.cell.compute_dtype) for s in states]
        # A step that is thrown away: the gradients of weights and inputs are 0 instead of None.
        step = tf.cast(tf.reduce_sum(sequences, 1), self.cell.compute_dtype)  # [batch, depth]
        _, after = self.cell(step, list(states))
        after = after if isinstance(after, (list, tuple)) else [after]
        states = [tf.where(False, new, old) for new, old in zip(after, states, strict=True)]
        states = [tf.cast(state, self.compute_dtype) for state in states]
        output = states[0]
        if self.return_sequences:
            output = tf.repeat(output[:, None], 0, axis=1)
        return (output, *states) if self.return_state else output

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if self.on_cudnn() or not self.kernel_fits():
            return super().inner_loop(sequences, initial_state, mask, training=training)
        cell = self.cell
        sequences = tf.cast(sequences, cell.compute_dtype)
        if training and cell.dropout:
            drawn = input_dropout_mask(cell, sequences[:, 0])
            sequences = cell.drop(sequences, drawn[:, None])
        sequences = tf.transpose(sequences, [1, 0, 2])
        constants = cell.constants()
        if training and self.recurrent_weight_dropout:
            for name in cell.recurrent_kernels:
                rate = self.recurrent_weight_dropout
                constants[name] = keras.random.dropout(constants[name], rate, seed=self.weight_seed)
        if mask is not None:
            mask = tf.transpose(mask)[:, :, None]
        batch, time = sequences.shape[1], sequences.shape[0]
        last, outputs = list(initial_state), []
        in_order = pieces(sequences.shape[0])
        for start, stop in reversed(in_order) if self.go_backwards else in_order:
            with tf.control_dependencies(last):  # else all pieces are projected at once
                inputs = self._projected(sequences[start:stop])
            found, last = run_sequence(
                cell.program,
                cell.update,
                dict(zip(cell.update, last, strict=True)),
                inputs,
                {name: value for name, value in constants.items() if name not in inputs},
                None if mask is None else mask[start:stop],
                self.go_backwards,
            )
            outputs.append(found)
        outputs = outputs[::-1] if self.go_backwards else outputs
        outputs = outputs[0] if len(outputs) == 1 else tf.concat(outputs, 0)
        if mask is not None and self.zero_output_for_mask:
            outputs = tf.where(mask, outputs, tf.zeros_like(outputs))
        # The loop over time forgets the sizes that were known.
        for state in last:
            state.set_shape([batch, state.shape[-1]])
        output = last[0]
        if mask is not None and self.zero_output_for_mask:
            # Of a sequence of length 0 there is no last step to look up.
            at_end = mask[:1] if self.go_backwards else mask[-1:]  # [1 or 0, batch, 1]
            output = tf.where(tf.reduce_any(at_end, 0), output, tf.zeros_like(output))
        outputs = tf.transpose(outputs, [1, 0, 2])
        outputs.set_shape([batch, time, outputs.shape[-1]])
        if self.go_backwards:  # Keras hands them out in the order in which they were computed
            outputs = tf.reverse(outputs, [1])
        return output, outputs, last

    def _projected(self, sequence):
        """`[time, batch, size]` -> dict of the cell's inputs, of the same shape."""
        shape = tf.shape(sequence)[:2]
        flat = tf.reshape(sequence, [-1, sequence.shape[-1]])
        return {
            name: tf.reshape(value, [*tf.unstack(shape), value.shape[-1]])
            for name, value in self.cell.project(flat).items()
        }

    def get_config(self):
        config = super().get_config()
        if self.recurrent_weight_dropout:
            config["recurrent_weight_dropout"] = self.recurrent_weight_dropout
        return config


class CudnnLoop(SequenceLoop):
    """A `SequenceLoop` in front of a layer of Keras that has a cuDNN kernel.

    On a GPU that one runs, where the mathematics allow.
    """

    def set_up(self, cell_class, cell_name, arguments):
        super().set_up(cell_class, cell_name, arguments)
        use_cudnn = arguments["use_cudnn"]
        if use_cudnn not in ("auto", True, False):
            raise ArgumentError(f"use_cudnn is {use_cudnn!r}: it must be 'auto', True or False")
        self.use_cudnn = use_cudnn if self.cudnn_fits() else False
        # XLA knows no cuDNN kernel.
        if self.use_cudnn and tf.config.list_physical_devices("GPU"):
            without_jit(self)

    def on_cudnn(self):
        return bool(self.use_cudnn and tf.config.list_logical_devices("GPU"))

    def cudnn_fits(self):
        """Whether the mathematics are those that cuDNN knows."""
        cell = self.cell
        return (
            cell.activation is keras.activations.tanh
            and cell.recurrent_activation is keras.activations.sigmoid
            and cell.use_bias
            and not (cell.recurrent_dropout or self.unroll or self.recurrent_weight_dropout)
        )

    def get_config(self):
        config = super().get_config()
        return config if self.use_cudnn == "auto" else config | {"use_cudnn": self.use_cudnn}
