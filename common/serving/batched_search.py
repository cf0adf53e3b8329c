"""Batched execution of a search over any number of inputs, compiled once."""

from dataclasses import replace

import tensorflow as tf

from ..searches import Sampling


class Batched:
    """Runs a function over any number of inputs, batch by batch.

    Args:
        function: function(batch, search) -> (texts, scores), both `[batch, n_best]`; traceable.
            `batch` is a tensor of inputs, or a tuple of tensors of their parts.
    """

    def __init__(self, function):
        self.function, self._compiled = function, {}

    def __call__(self, inputs, search, size=64, key=None):
        """Runs the search on all inputs.

        Args:
            inputs: a list of strings or of tuples of parts, or an array.
            search: the second argument of `function`, hashable; each is compiled once. The seed of
                a `Sampling` is passed as a tensor, so that all seeds share a graph.
            size: inputs per batch.
            key: input -> sort key, such as its length: similar inputs share a batch, which keeps
                padding small.

        Returns:
            For each input the list of its (text, score), best first.

        Raises:
            UserError: as raised by `function`.
        """
        order = list(range(len(inputs)))
        if key:
            order.sort(key=lambda n: key(inputs[n]))
        results = [None] * len(inputs)
        for start in range(0, len(order), size):
            numbers = order[start : start + size]
            rows = [inputs[n] for n in numbers]
            batch = tf.nest.map_structure(lambda *parts: tf.constant(parts), *rows)
            texts, scores = self._run(batch, search)
            for n, row, values in zip(numbers, texts.numpy(), scores.numpy().tolist(), strict=True):
                decoded = [text.decode("utf-8", "replace") for text in row]
                results[n] = list(zip(decoded, values, strict=True))
        return results

    def _run(self, batch, search):
        seed = ()  # or the seed alone
        if isinstance(search, Sampling):
            seed = (tf.constant(search.seed, tf.int32),)
            search = replace(search, seed=0)
        if search not in self._compiled:
            specs = tf.nest.map_structure(
                lambda part: tf.TensorSpec([None, *part.shape[1:]], part.dtype), batch
            )

            def run(batch, *seed):
                return self.function(batch, replace(search, seed=seed[0]) if seed else search)

            # Without autograph, which would wrap a UserError in a long message.
            self._compiled[search] = tf.function(
                run, input_signature=[specs, *map(tf.type_spec_from_value, seed)], autograph=False
            )
        return self._compiled[search](batch, *seed)
