"""The LSTM layer: Keras' own, weight for weight, over a faster sequence kernel on the CPU."""

import keras
import tensorflow as tf


def lstm_sequence(projected, mask, hidden, cell, recurrent_kernel, go_backwards=False):
    """Runs the LSTM recurrence over time, with a gradient written by hand.

        [i, f, g, o] = x_t W + b + h_{t-1} U      (x_t W + b comes in, as `projected`)
        c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
        h_t = sigmoid(o) * tanh(c_t)

    Only h U is left in the loop. Back-propagation through time collects the gradients of the gates
    of all steps and forms dU in one product after its loop, where automatic differentiation adds
    one small product a step. `tf.matmul` on `[1, batch, units]` instead of `[batch, units]` is on
    purpose: TensorFlow runs batched products by oneDNN, plain small ones by Eigen, which is slower.
    Measured on two CPU cores, forward and backward, against `keras.layers.LSTM` with the same
    masks: 0.6 to 0.85 of its time; both directions batched into one product were slower than two
    loops side by side, which run in parallel.

    Args:
        projected: `[time, batch, 4 * units]`, gates in Keras' order i, f, g, o.
        mask: bool `[time, batch, 1]` or None; a masked step repeats the state before it.
        hidden, cell: `[batch, units]`, the state before the first step.
        recurrent_kernel: U, `[units, 4 * units]`.
        go_backwards: from the last step to the first (outputs stay at their own time).

    Returns:
        (outputs `[time, batch, units]`, hidden `[batch, units]`, cell `[batch, units]`).
    """
    units = recurrent_kernel.shape[0]
    time = tf.shape(projected)[0]

    def moment(step):
        return time - 1 - step if go_backwards else step

    def steps():
        return tf.TensorArray(projected.dtype, time)

    def product(a, b, **transpose):
        return tf.matmul(a[None], b[None], **transpose)[0]

    def loop(body, *variables):
        return tf.while_loop(
            lambda step, *_: step < time, body, (0, *variables), maximum_iterations=time
        )[1:]

    @tf.custom_gradient
    def run(projected, hidden, cell, recurrent_kernel):
        def forward(step, h, c, hs, cs, gates):
            t = moment(step)
            z = projected[t] + product(h, recurrent_kernel)  # [batch, 4 * units]
            i, f = tf.sigmoid(z[:, :units]), tf.sigmoid(z[:, units : 2 * units])
            g, o = tf.tanh(z[:, 2 * units : 3 * units]), tf.sigmoid(z[:, 3 * units :])
            new_c = f * c + i * g
            new_h = o * tf.tanh(new_c)
            if mask is not None:
                new_c, new_h = tf.where(mask[t], new_c, c), tf.where(mask[t], new_h, h)
            gates = gates.write(t, tf.concat([i, f, g, o], -1))
            return step + 1, new_h, new_c, hs.write(t, new_h), cs.write(t, new_c), gates

        last_h, last_c, hs, cs, gates = loop(forward, hidden, cell, steps(), steps(), steps())
        hs, cs, gates = hs.stack(), cs.stack(), gates.stack()
        hs.set_shape([None, None, units])
        cs.set_shape([None, None, units])
        gates.set_shape([None, None, 4 * units])

        def gradient(d_hs, d_last_h, d_last_c):
            def before(first, sequence):  # the sequence one step earlier in the recurrence
                if go_backwards:
                    return tf.concat([sequence[1:], first[None]], 0)
                return tf.concat([first[None], sequence[:-1]], 0)

            # What does not depend on the recurrence is computed for all steps at once.
            i, f, g, o = tf.split(gates, 4, axis=-1)
            tanh_c = tf.tanh(cs)
            c_by_h = o * (1 - tanh_c * tanh_c)  # d c_t / d h_t
            f_by_c = before(cell, cs) * f * (1 - f)
            z_by_c = tf.concat([g * i * (1 - i), f_by_c, i * (1 - g * g)], -1)
            o_by_h = tanh_c * o * (1 - o)

            def backward(step, dh, dc, d_zs):
                t = time - 1 - moment(step)
                dh = dh + d_hs[t]
                dc_total = dc + dh * c_by_h[t]
                dz = tf.concat([tf.tile(dc_total, [1, 3]) * z_by_c[t], dh * o_by_h[t]], -1)
                if mask is not None:
                    dz = tf.where(mask[t], dz, tf.zeros_like(dz))
                new_dh = product(dz, recurrent_kernel, transpose_b=True)
                new_dc = dc_total * f[t]
                if mask is not None:
                    new_dh, new_dc = tf.where(mask[t], new_dh, dh), tf.where(mask[t], new_dc, dc)
                return step + 1, new_dh, new_dc, d_zs.write(t, dz)

            d_hidden, d_cell, d_zs = loop(backward, d_last_h, d_last_c, steps())
            d_zs = d_zs.stack()
            d_zs.set_shape([None, None, 4 * units])
            d_kernel = tf.matmul(
                tf.reshape(before(hidden, hs), [-1, units]),
                tf.reshape(d_zs, [-1, 4 * units]),
                transpose_a=True,
            )
            return d_zs, d_hidden, d_cell, d_kernel

        return (hs, last_h, last_c), gradient

    return run(projected, hidden, cell, recurrent_kernel)


@keras.saving.register_keras_serializable("rnn_suite")
class LSTM(keras.layers.LSTM):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers 2000).

    The equations, arguments, weights and results are those of `keras.layers.LSTM`; weights move
    between the two with `get_weights` and `set_weights`. On a GPU it runs Keras' cuDNN kernel, on
    the CPU `lstm_sequence`. Activations or dropouts that the kernel does not know go to Keras.
    """

    def _kernel_fits(self):
        cell = self.cell
        return (
            cell.activation is keras.activations.tanh
            and cell.recurrent_activation is keras.activations.sigmoid
            and cell.use_bias
            and not (self.dropout or self.recurrent_dropout or self.unroll)
            and not self.zero_output_for_mask
            and not (self.use_cudnn in ("auto", True) and tf.config.list_logical_devices("GPU"))
        )

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not self._kernel_fits():
            return super().inner_loop(sequences, initial_state, mask, training=training)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        cell, batch, time = self.cell, tf.shape(sequences)[0], tf.shape(sequences)[1]
        kernel, recurrent_kernel, bias = (
            tf.cast(w.value, self.compute_dtype)
            for w in (cell.kernel, cell.recurrent_kernel, cell.bias)
        )
        time_major = tf.transpose(tf.cast(sequences, self.compute_dtype), [1, 0, 2])
        projected = tf.matmul(tf.reshape(time_major, [-1, kernel.shape[0]]), kernel) + bias
        projected = tf.reshape(projected, [time, batch, 4 * self.units])
        outputs, hidden, cell_state = lstm_sequence(
            projected,
            None if mask is None else tf.transpose(tf.cast(mask, tf.bool))[:, :, None],
            *initial_state,
            recurrent_kernel,
            go_backwards=self.go_backwards,
        )
        outputs = tf.transpose(outputs, [1, 0, 2])
        if self.go_backwards:  # Keras hands them out in the order in which they were computed
            outputs = tf.reverse(outputs, [1])
        return hidden, outputs, [hidden, cell_state]
