"""Linear-chain conditional random field: labels of a sequence that know their neighbours."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("rnn_suite")
class CRF(keras.layers.Layer):
    """Conditional random field over emissions e (Lafferty et al. 2001; Lample et al. 2016).

        s(x, y) = first[y_1] + sum_t e_t[y_t] + sum_(t > 1) A[y_(t-1), y_t] + last[y_T]
        log p(y | x) = s(x, y) - log sum_y' exp s(x, y')

    The sum is exact as long as what a step adds differs by less than some 80 nats between labels.
    All weights start at 0: then the labels are independent, as under a softmax. Masks are bool
    `[batch, time]`, padding on the right; a row has at least one valid step.

    Call: the same as `decode`.
    """

    def __init__(self, labels, **kwargs):
        super().__init__(**{"autocast": False} | kwargs)  # scores add up: in full precision
        self.labels = labels

    def build(self, shape=None):
        n = self.labels
        self.transitions = self.add_weight(shape=(n, n), initializer="zeros", name="transitions")
        self.first = self.add_weight(shape=(n,), initializer="zeros", name="first")
        self.last = self.add_weight(shape=(n,), initializer="zeros", name="last")
        self.built = True

    def call(self, emissions, mask):
        return self.decode(emissions, mask)

    def _weights(self):
        return (tf.cast(w.value, tf.float32) for w in (self.transitions, self.first, self.last))

    def score(self, emissions, tags, mask):
        """s(x, y) `[batch]` of emissions `[batch, time, labels]`, tags int32 `[batch, time]`."""
        transitions, first, last = self._weights()
        emissions, valid = tf.cast(emissions, tf.float32), tf.cast(mask, tf.float32)
        tags = tf.where(mask, tags, 0)
        total = tf.reduce_sum(tf.gather(emissions, tags, batch_dims=2) * valid, 1)
        steps = tf.gather_nd(transitions, tf.stack([tags[:, :-1], tags[:, 1:]], -1))
        total += tf.reduce_sum(steps * valid[:, 1:], 1)
        end = tf.gather(tags, _lengths(mask) - 1, batch_dims=1)
        return total + tf.gather(first, tags[:, 0]) + tf.gather(last, end)

    def log_partition(self, emissions, mask):
        """log of the sum over all label sequences `[batch]`, by the forward algorithm."""
        transitions, first, last = self._weights()
        top = tf.reduce_max(transitions)
        factors = tf.exp(transitions - top)  # one matrix product a step instead of labels^2 exps
        tiny = tf.constant(1e-37)

        def advance(alpha, emission):  # [batch, labels]
            best = tf.reduce_max(alpha, -1, keepdims=True)
            reached = tf.matmul(tf.exp(alpha - best), factors)
            return tf.math.log(tf.maximum(reached, tiny)) + best + top + emission

        alpha, _ = _run(advance, emissions, mask, first)
        return tf.reduce_logsumexp(alpha + last, -1)

    def log_likelihood(self, emissions, tags, mask):
        """log p(y | x) `[batch]`."""
        return self.score(emissions, tags, mask) - self.log_partition(emissions, mask)

    def marginals(self, emissions, mask):
        """p(y_t | x) `[batch, time, labels]`: the derivative of log_partition by the emissions."""
        emissions = tf.cast(emissions, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(emissions)
            total = tf.reduce_sum(self.log_partition(emissions, mask))
        return tape.gradient(total, emissions)

    def decode(self, emissions, mask):
        """The best labels int32 `[batch, time]` and their s(x, y) `[batch]` (Viterbi 1967).

        Padding has the label of the last valid step.
        """
        transitions, first, last = self._weights()

        def advance(alpha, emission):
            reached = alpha[:, :, None] + transitions  # [batch, before, now]
            arrows = tf.argmax(reached, 1, output_type=tf.int32)
            return tf.reduce_max(reached, 1) + emission, arrows

        alpha, arrows = _run(advance, emissions, mask, first, arrows=True)
        alpha += last
        end = tf.argmax(alpha, -1, output_type=tf.int32)  # [batch]
        # Back along the arrows: arrows[t] leads from step t to step t - 1.
        steps = tf.shape(arrows)[0]
        path = tf.TensorArray(tf.int32, steps, element_shape=[None]).write(steps - 1, end)

        def back(t, label, path):
            label = tf.gather(arrows[t], label, batch_dims=1)
            return t - 1, label, path.write(t - 1, label)

        *_, path = tf.while_loop(lambda t, *_: t > 0, back, (steps - 1, end, path))
        return tf.transpose(path.stack()), tf.reduce_max(alpha, -1)


def _lengths(mask):
    return tf.reduce_sum(tf.cast(mask, tf.int32), 1)


def _run(advance, emissions, mask, first, arrows=False):
    """Runs over the steps after the first; in the padding alpha stays, and arrows lead straight.

    Returns (alpha `[batch, labels]`, arrows `[time, batch, labels]`, of which the first mean
    nothing, or None).
    """
    emissions = tf.cast(tf.transpose(emissions, [1, 0, 2]), tf.float32)  # [time, batch, labels]
    valid = tf.transpose(mask)[:, :, None]
    time, labels = tf.shape(emissions)[0], emissions.shape[-1]
    # An array, since the derivative of a slice would be as large as the whole at every step.
    steps = tf.TensorArray(tf.float32, time, element_shape=[None, labels]).unstack(emissions)
    straight = tf.broadcast_to(tf.range(labels), tf.shape(emissions)[1:])
    kept = tf.TensorArray(tf.int32, time if arrows else 0, element_shape=[None, labels])
    kept = kept.write(0, straight) if arrows else kept

    def body(t, alpha, kept):
        new = advance(alpha, steps.read(t))
        if arrows:
            new, back = new
            kept = kept.write(t, tf.where(valid[t], back, straight))
        return t + 1, tf.where(valid[t], new, alpha), kept

    start = (tf.constant(1), steps.read(0) + first, kept)
    _, alpha, kept = tf.while_loop(lambda t, *_: t < time, body, start)
    return alpha, kept.stack() if arrows else None
