"""Adapts a language model to the test text: softmax temperature, neural cache, dynamic evaluation.

Each method's settings are chosen on the validation text, then used once on the test text.
"""

import itertools

import numpy as np
import tensorflow as tf

from common.batches import Streams
from common.training import carried, cross_entropy

AT_ONCE = 1024  # stream steps per call
TEMPERATURES = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1)
WINDOW = 2000  # size of the cache in tokens
FLATNESS = (0.1, 0.2, 0.4, 0.8, 1.6)
SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
CHUNK = 256  # tokens looked up together
SEGMENT = 20  # tokens between two steps of dynamic evaluation
STATISTICS = 1500  # training segments that the gradient sizes are measured on
RATES = (1e-4, 2e-4, 5e-4, 1e-3)
DECAYS = (0.002, 0.01)
TRIED = 8000  # validation tokens that RATES and DECAYS are tried on


def outputs(model, tokens, temperatures=(1.0,)):
    """Reads a text as one stream -> (last layer's outputs `[n, units]`, labels `[n]`, nll
    `[temperatures, n]`)."""
    streams = Streams(tokens.flat, 1, AT_ONCE)

    @tf.function(reduce_retracing=True)
    def read(arrays, state):
        inputs, labels = arrays
        hidden, state = model(inputs, state=state)
        logits = tf.cast(model.logits(hidden[0]), tf.float32)
        nll = [cross_entropy(logits / temperature, labels[0]) for temperature in temperatures]
        return (hidden[0], labels[0], tf.stack(nll)), state

    parts = carried(read, streams, model.zero_state(1))
    hidden, labels, nll = zip(*([part.numpy() for part in found] for found in parts), strict=True)
    return np.concatenate(hidden), np.concatenate(labels), np.concatenate(nll, 1)


def with_temperature(model, validation, test):
    """p ~ exp(logits / T), T the best on `validation` -> (nll of `test`, {"temperature": T})."""
    nll = outputs(model, validation, TEMPERATURES)[2].sum(1)
    chosen = TEMPERATURES[int(nll.argmin())]
    return float(outputs(model, test, (chosen,))[2].sum()), {"temperature": chosen}


def with_cache(model, validation, test):
    """The continuous cache of Grave, Joulin & Usunier 2017, over the last 2,000 tokens:

        p(w) = (1 - share) p_model(w) + share sum_i softmax_i(flatness h_t . h_i) [w_i = w]

    with the past outputs h_i and the words w_i that followed them.

    Returns: (nll of `test`, {"share", "flatness"}), both chosen on `validation`.
    """
    read = outputs(model, validation)
    tried = {}
    for flatness in FLATNESS:
        cached = cache_probabilities(*read[:2], flatness)
        for share in SHARES:
            tried[share, flatness] = mixed_nll(read[2][0], cached, share)
    share, flatness = min(tried, key=tried.get)
    read = outputs(model, test)
    nll = mixed_nll(read[2][0], cache_probabilities(*read[:2], flatness), share)
    return nll, {"share": share, "flatness": flatness, "window": WINDOW}


def cache_probabilities(hidden, labels, flatness, window=WINDOW):
    """`[n, units]`, `[n]` -> the cache probability of each label `[n]`; 0 for the first."""
    found = np.zeros(len(labels))
    for start in range(0, len(labels), CHUNK):
        stop = min(start + CHUNK, len(labels))
        first = max(0, start - window)
        scores = flatness * hidden[start:stop] @ hidden[first:stop].T  # [chunk, keys]
        distance = np.arange(start, stop)[:, None] - np.arange(first, stop)
        seen = (distance > 0) & (distance <= window)
        scores = np.where(seen, scores, -np.inf)
        weights = np.exp(scores - np.maximum(scores.max(1, keepdims=True), -1e30))
        same = labels[start:stop, None] == labels[first:stop]
        found[start:stop] = (weights * same).sum(1) / np.maximum(weights.sum(1), 1e-30)
    return found


def mixed_nll(nll, cached, share):
    """Sum of -log of the mixture; the first token has no cache, so its model probability counts."""
    probability = (1 - share) * np.exp(-nll.astype(np.float64)) + share * cached
    probability[:1] = np.exp(-nll[:1].astype(np.float64))
    return float(-np.log(probability).sum())


def with_dynamic_evaluation(model, train, validation, test):
    """Dynamic evaluation (Krause et al. 2018): after scoring 20 tokens, the weights take a gradient
    descent step on them, and a step back towards the trained weights:

        w <- w - rate g / (s + mean s) + decay (s / mean s) (w_0 - w),   s = rms of g in training

    The mean of s in the denominator keeps the steps of rare words, whose s is near 0, small.

    Returns: (nll of `test`, {"rate", "decay"}), both chosen on the first 8,000 tokens of
    `validation`. The model's trained weights are restored.
    """
    weights = [variable.value for variable in model.trainable_variables]
    trained = [weight.numpy() for weight in weights]

    @tf.function(reduce_retracing=True)
    def gradients(arrays, state):
        with tf.GradientTape() as tape:
            losses = model.token_losses(arrays, state=state, training=False)
        found = tape.gradient(losses.total, weights)
        return ([tf.convert_to_tensor(g) for g in found], losses.nll), losses.state

    def segments(tokens):
        for found, nll in carried(gradients, Streams(tokens, 1, SEGMENT), model.zero_state(1)):
            yield found, float(nll)

    squares, count = [tf.zeros(weight.shape) for weight in trained], 0
    for found, _ in itertools.islice(segments(train.flat), STATISTICS):
        squares = [s + g**2 for s, g in zip(squares, found, strict=True)]
        count += 1
    scales = [tf.sqrt(s / count) for s in squares]
    mean = sum(map(tf.reduce_sum, scales)) / sum(weight.size for weight in trained)
    origin = [tf.constant(weight) for weight in trained]

    @tf.function
    def update(found, rate, decay):
        for weight, g, s, first in zip(weights, found, scales, origin, strict=True):
            back = tf.minimum(decay * s / mean, 1.0) * (first - weight)
            weight.assign_add(back - rate * g / (s + mean))

    def run(tokens, rate, decay):
        total = 0.0
        for found, nll in segments(tokens):
            total += nll
            update(found, tf.constant(rate), tf.constant(decay))
        for weight, first in zip(weights, trained, strict=True):
            weight.assign(first)
        return total

    part = validation.flat[:TRIED]
    rate, decay = min(itertools.product(RATES, DECAYS), key=lambda chosen: run(part, *chosen))
    return run(test.flat, rate, decay), {"rate": rate, "decay": decay}
