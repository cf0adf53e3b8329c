"""What our recurrent layers share: the way from a Keras layer to the sequence kernel."""

import keras
import tensorflow as tf

from ..errors import UserError
from .sequence_kernel import run_sequence
from .step_program import run_once

LAYER_OPTIONS = (
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "zero_output_for_mask",
    "activity_regularizer",
    "name",
    "dtype",
    "autocast",
    "trainable",
    "input_shape",
    "batch_shape",
)

# Functions of every unit by itself, which the kernel's derivatives rely on (softmax is none).
ELEMENTWISE = {
    getattr(keras.activations, name)
    for name in (
        *("elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "mish", "relu"),
        *("relu6", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh"),
    )
}


def split_options(options):
    """(options of the layer, options of its cell) out of a constructor's keyword arguments."""
    layer = {name: value for name, value in options.items() if name in LAYER_OPTIONS}
    cell = {name: value for name, value in options.items() if name not in LAYER_OPTIONS}
    return layer, cell | {name: layer[name] for name in ("dtype", "trainable") if name in layer}


def flat_config(layer, config):
    """The configuration of a layer that makes its cell out of its own arguments."""
    config.pop("cell")
    cell = layer.cell.get_config()
    return {
        name: cell[name] for name in cell if name not in ("name", "trainable", "dtype")
    } | config


class ProgramCell:
    """Mixin of a cell that says its step as a program of common/layers/sequence_kernel.py.

    A cell has `update` (state -> name of its next value, in the order of the states), `program`,
    `project(x)` -> dict of the inputs, and `constants()` -> dict of the weights, both in the
    compute type. `recurrent_kernels` are the constants that weight dropout falls on.
    """

    recurrent_kernels = ("recurrent_kernel",)

    def weight(self, name):
        return tf.cast(getattr(self, name).value, self.compute_dtype)

    def project(self, x):
        projected = tf.matmul(x, self.weight("kernel"))
        return {"x": projected + self.weight("bias") if self.use_bias else projected}

    def drop(self, x, mask):
        return x * mask

    def one_step(self, inputs, states, training=False):
        """One step by the program, for cells that Keras does not have."""
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        inputs = tf.cast(inputs, self.compute_dtype)
        if training and self.dropout:
            inputs = self.drop(inputs, _first(self.get_dropout_mask(inputs)))
        if training and self.recurrent_dropout:
            states[0] *= _first(self.get_recurrent_dropout_mask(states[0]))
        states = dict(zip(self.update, states, strict=True))
        inputs = self.project(inputs)
        constants = {n: c for n, c in self.constants().items() if n not in inputs}
        new = run_once(self.program, self.update, states, inputs, constants)
        return new[0], new


def _first(masks):
    return masks[0] if isinstance(masks, (list, tuple)) else masks


def pieces(time):
    """Bounds of the pieces of a sequence of known length: up to 8, of 25 steps or more.

    The kernel runs over one after the other, with the state carried. Its gradient holds the
    derivatives of one piece only, which for long sequences is half of the memory, at the same
    speed. More pieces make larger graphs; a length that differs from batch to batch has one.
    """
    count = max(1, min(8, (time or 0) // 25))
    bounds = [time * number // count for number in range(1, count)] if count > 1 else []
    return list(zip([0, *bounds], [*bounds, time], strict=True))


class SequenceLoop:
    """Mixin of a `keras.layers.RNN` whose cell is a `ProgramCell`: time runs in the sequence
    kernel. A layer that is unrolled, has recurrent dropout, (`implementation=1`) a dropout mask for
    each gate or an activation that is not in `ELEMENTWISE` runs in Keras' loop over cells.
    """

    def _set_weight_dropout(self, rate, seed=None):
        """DropConnect on the recurrent kernels (Merity et al. 2018): in training one mask a call
        drops single weights with this rate, the same ones at every step and in every row."""
        if not 0 <= rate < 1:
            raise UserError(f"recurrent_weight_dropout is {rate}: it must be from 0 to below 1")
        self.recurrent_weight_dropout = rate
        if rate:
            self.weight_seed = keras.random.SeedGenerator(seed)
            if not self.kernel_fits():
                raise UserError(
                    "recurrent_weight_dropout goes neither with unroll nor with recurrent_dropout, "
                    "implementation=1 or an activation of one's own"
                )

    def kernel_fits(self):
        cell = self.cell
        names = ("activation", "recurrent_activation", "output_activation")
        one_mask = getattr(cell, "implementation", 2) == 2 or not cell.dropout
        elementwise = all(getattr(cell, n) in ELEMENTWISE for n in names if hasattr(cell, n))
        return elementwise and one_mask and not (self.unroll or cell.recurrent_dropout)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not self.kernel_fits():
            return super().inner_loop(sequences, initial_state, mask, training=training)
        cell = self.cell
        sequences = tf.cast(sequences, cell.compute_dtype)
        if training and cell.dropout:
            drawn = _first(cell.get_dropout_mask(sequences[:, 0]))
            sequences = cell.drop(sequences, drawn[:, None])
        sequences = tf.transpose(sequences, [1, 0, 2])
        constants = cell.constants()
        if training and self.recurrent_weight_dropout:
            for name in cell.recurrent_kernels:
                rate = self.recurrent_weight_dropout
                constants[name] = keras.random.dropout(constants[name], rate, seed=self.weight_seed)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if mask is not None:
            mask = tf.transpose(tf.cast(mask, tf.bool))[:, :, None]
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
            output = outputs[0 if self.go_backwards else -1]
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

    def _set_cudnn(self, use_cudnn):
        self.use_cudnn = use_cudnn if self.cudnn_fits() else False
        wanted = self.use_cudnn in ("auto", True)
        # XLA knows no cuDNN kernel.
        self.supports_jit = not (wanted and tf.config.list_physical_devices("GPU"))

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

    def inner_loop(self, sequences, initial_state, mask, training=False):
        on_gpu = tf.config.list_logical_devices("GPU") and self.use_cudnn in ("auto", True)
        # Behind SequenceLoop stands Keras' layer, which chooses the cuDNN kernel.
        loop = super(SequenceLoop, self) if on_gpu else super()
        return loop.inner_loop(sequences, initial_state, mask, training=training)
