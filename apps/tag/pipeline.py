"""Text in, tagged words out, in TensorFlow operations only: what evaluate, infer and export run."""

from functools import cache
from typing import NamedTuple

import tensorflow as tf

from apps.tag.model import Tagger
from apps.tag.reader import Reader
from common.restore import best_weights
from common.text import PAD
from common.tokenizer import sanitise

SIZE = 64  # texts a batch


class Tagged(NamedTuple):
    words: list[str]
    tags: list[str]
    probabilities: list[float]  # of each tag, given the whole sentence

    def __str__(self):
        return " ".join(f"{word}/{tag}" for word, tag in zip(self.words, self.tags, strict=True))


class Pipeline(tf.Module):
    """Cutting into words, vocabularies and model as one function from strings to strings.

    Attributes are what an export has to carry: the tokenizers, and the raw variables. The Keras
    model itself is reached through a closure: as an attribute it would hide its variables from
    TensorFlow Serving.
    """

    def __init__(self, model, reader):
        super().__init__()
        self.reader, self.tags = reader, tf.constant(reader.tags)
        self.weights = [variable.value for variable in model.variables]
        self._model = lambda: model
        spec = [tf.TensorSpec([None], tf.string)]
        self._compiled = cache(
            lambda cut: tf.function(lambda texts: self.tagged(texts, cut), input_signature=spec)
        )

    @property
    def model(self):
        return self._model()

    def tagged(self, texts, cut=False):
        """string `[n]` -> (words, tags, probabilities), ragged `[n, (words)]`. Traceable.

        `cut`: the texts are cut into words already, with spaces between them.
        """
        words = tf.strings.split(sanitise(texts)) if cut else self.reader.cut(texts)
        distinct, rows = tf.unique(words.flat_values)
        # A row more, which stands for the padding and for the one word of an empty text: a
        # recurrent layer wants a first step.
        ids, characters = self.reader.read(tf.concat([[""], distinct], 0))
        rows = words.with_flat_values(rows + 1).to_tensor(0)  # [n, time]
        rows = tf.pad(rows, [[0, 0], [0, tf.cast(tf.shape(rows)[1] == 0, tf.int32)]])
        lengths = words.row_lengths()
        valid = tf.sequence_mask(tf.maximum(lengths, 1), tf.shape(rows)[1])
        tags, shares = self.model.tag(
            (tf.where(valid, tf.gather(ids, rows), PAD), characters, rows)
        )
        tags = tf.RaggedTensor.from_tensor(tf.gather(self.tags, tags), lengths)
        return words, tags, tf.RaggedTensor.from_tensor(shares, lengths)

    def __call__(self, texts, cut=False):
        """Any number of strings -> a `Tagged` for each."""
        texts = [text.encode("utf-8", "replace").decode() for text in texts]  # no lone surrogates
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        results = [None] * len(texts)
        for start in range(0, len(order), SIZE):
            numbers = order[start : start + SIZE]
            found = self._compiled(cut)(tf.constant([texts[n] for n in numbers]))
            words, tags, shares = (values.to_list() for values in found)
            for n, *row in zip(numbers, words, tags, shares, strict=True):
                row[:2] = [[text.decode() for text in texts] for texts in row[:2]]
                results[n] = Tagged(*row)
        return results


def load(run, *, without_cudnn=False):
    """The pipeline of a run with its best weights, and what is known about them."""
    reader = Reader(run.path, run.config)
    model = Tagger(run.config.model, *reader.sizes)
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(model, reader), meta
