"""Text in, text out, in TensorFlow operations only: what evaluate, infer and export all run."""

from typing import NamedTuple

import tensorflow as tf

from apps.translate import data
from apps.translate.model import Translator
from common import checkpoints
from common.decoding import beam_search, greedy_search, sample
from common.text import EOS


class Translations(NamedTuple):
    texts: tf.Tensor  # string [batch, n_best], best first
    scores: tf.Tensor  # float32 [batch, n_best]: log-probability under the beam's penalties
    tokens: tf.Tensor  # int32 [batch, n_best, time]


class Pipeline(tf.Module):
    """Tokenizers, model and search as one function from strings to strings.

    Attributes are what an export has to carry: the tokenizers, and the raw variables (a Keras model
    as an attribute would not load in TensorFlow Serving).
    """

    def __init__(self, config, model, source_tokenizer, target_tokenizer):
        super().__init__()
        self.config = config
        self.source_tokenizer, self.target_tokenizer = source_tokenizer, target_tokenizer
        self.weights = [variable.value for variable in model.variables]
        self._model = (lambda: model)  # a closure, so that tf.Module does not see it  # fmt: skip
        self._translate = {}

    def source_tokens(self, texts):
        """string `[batch]` -> int32 `[batch, source]`, each row ending with EOS; cut to the longest
        that the model was trained for."""
        ragged = self.source_tokenizer.tokenize(texts)[:, : self.config.data.max_length - 1]
        end = tf.fill([tf.shape(texts)[0], 1], EOS)
        return tf.concat([ragged, tf.cast(end, ragged.dtype)], 1).to_tensor()

    def translate(self, texts, search) -> Translations:
        """Traceable. `search`: a BeamConfig, "greedy", or a dict of options of `sample`."""
        model, decoding = self._model(), self.config.decoding
        source = self.source_tokens(texts)
        lengths = tf.reduce_sum(tf.cast(source != 0, tf.float32), 1)
        limits = tf.cast(lengths * decoding.length_ratio, tf.int32) + decoding.length_extra
        memory, state = model.encode(source)
        batch = tf.shape(source)[0]
        if search == "greedy":
            found = greedy_search(model.step(memory), state, batch, limits)
        elif isinstance(search, dict):
            found = sample(model.step(memory), state, batch, limits, **search)
        else:
            step = model.step(memory.tile(search.beam))
            found = beam_search(step, state, batch, limits, search, source_mask=memory.mask)
        rows = tf.reshape(found.tokens, [-1, tf.shape(found.tokens)[-1]])
        output = self.target_tokenizer.detokenize(rows)
        output = tf.reshape(output, tf.shape(found.scores))
        # Nothing in, nothing out, whatever the model would make of an empty sentence.
        blank = tf.equal(lengths, 1.0)[:, None]
        return Translations(
            tf.where(blank, "", output), tf.where(blank, 0.0, found.scores), found.tokens
        )

    def __call__(self, texts, search=None, batch_size=64):
        """Any number of Python strings, in batches of similar length, in their order.

        Returns a list of (texts, scores) for each input: lists of n_best, best first.
        """
        search = self.config.decoding.beam if search is None else search
        key = repr(search)
        if key not in self._translate:
            spec = tf.TensorSpec([None], tf.string)
            self._translate[key] = tf.function(
                lambda texts: self.translate(texts, search)[:2], input_signature=[spec]
            )
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        results = [None] * len(texts)
        for start in range(0, len(order), batch_size):
            numbers = order[start : start + batch_size]
            found, scores = self._translate[key](tf.constant([texts[n] for n in numbers]))
            for n, row, score in zip(numbers, found.numpy(), scores.numpy(), strict=True):
                results[n] = ([text.decode() for text in row], score.tolist())
        return results

    def best(self, texts, search=None, batch_size=64):
        """The best translation of each text."""
        return [found[0] for found, _ in self(texts, search, batch_size)]


def load(run, *, cpu_only=False):
    """The pipeline of a run with its best weights."""
    source_tokenizer, target_tokenizer = data.load_tokenizers(run.config, run.path)
    model = Translator(run.config.model, source_tokenizer.vocab_size, target_tokenizer.vocab_size)
    stored, meta = checkpoints.load(run.checkpoints / "best.npz")
    checkpoints.assign("model", model.variables, stored)
    if cpu_only:  # cuDNN's operations would not run where there is no GPU
        for layer in model._flatten_layers():
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
    return Pipeline(run.config, model, source_tokenizer, target_tokenizer), meta
