"""A search over any number of inputs: batch by batch, compiled once."""

import tensorflow as tf


class Batched:
    """Runs `function(batch, search) -> (texts, scores)`, both `[batch, n_best]`, over many inputs.

    Args:
        function: traceable; `batch` is a tensor of inputs, or of each of their parts.
    """

    def __init__(self, function):
        self.function, self._compiled = function, {}

    def __call__(self, inputs, search, size=64, key=None):
        """For each input the list of its (text, score), best first.

        Args:
            inputs: a list of strings or of tuples of parts, or an array.
            search: what `function` takes; its `repr` tells one search from another, each of which
                is compiled once. A "seed" in a dict is given to the function as a tensor, so that
                any number of seeds share a graph.
            size: inputs a batch.
            key: of an input; those with nearly the same key go together, so that little is padding.
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
        given = {}
        if isinstance(search, dict) and "seed" in search:
            given = {"seed": tf.constant(search["seed"], tf.int32)}
            search = {name: search[name] for name in search if name != "seed"}
        key = repr(search), *given
        if key not in self._compiled:
            spec = tf.nest.map_structure(
                lambda part: tf.TensorSpec([None, *part.shape[1:]], part.dtype), batch
            )

            def run(batch, given):
                return self.function(batch, search | given if given else search)

            # Without autograph, which would wrap a UserError in a page of its own.
            self._compiled[key] = tf.function(
                run,
                input_signature=[spec, tf.nest.map_structure(tf.type_spec_from_value, given)],
                autograph=False,
            )
        return self._compiled[key](batch, given)
