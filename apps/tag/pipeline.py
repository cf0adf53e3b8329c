"""Text to tagged words in TensorFlow operations only; evaluate, infer and export run this."""

from typing import NamedTuple

import tensorflow as tf

from apps.tag.model import Tagger
from apps.tag.reader import Reader
from common import serving
from common.runs import best_weights
from common.text import PAD, sanitise
from common.unicode import valid_text

SIZE = 64  # texts per batch


class Tagged(NamedTuple):
    words: list[str]
    tags: list[str]
    probabilities: list[float]  # of each tag, given the whole sentence

    def __str__(self):
        return " ".join(f"{word}/{tag}" for word, tag in zip(self.words, self.tags, strict=True))


class Pipeline(serving.Pipeline):
    """Word segmentation, vocabularies and model as one function from strings to strings."""

    def __init__(self, model, reader):
        super().__init__(model)
        self.reader, self.tags = reader, tf.constant(reader.tags)
        spec = [tf.RaggedTensorSpec([None, None], tf.string, row_splits_dtype=tf.int64)]
        self.tag = tf.function(self._tag, input_signature=spec)  # one graph, also in an export

    def cut(self, texts, spaced=False):
        """string `[n]` -> words, ragged `[n, (words)]`. Traceable.

        `spaced`: the texts are already split into words, separated by spaces.
        """
        return tf.strings.split(sanitise(texts)) if spaced else self.reader.cut(texts)

    def _tag(self, words):
        """Words, ragged `[n, (words)]` -> (tags, their probabilities), ragged too."""
        distinct, rows = tf.unique(words.flat_values)
        # An additional row for the padding and for the one word of an empty text, since a
        # recurrent layer needs a first step.
        ids, characters = self.reader.read(tf.concat([[""], distinct], 0))
        rows = words.with_flat_values(rows + 1).to_tensor(0)  # [n, time]
        rows = tf.pad(rows, [[0, 0], [0, tf.cast(tf.shape(rows)[1] == 0, tf.int32)]])
        mask = tf.sequence_mask(words.row_lengths(), tf.shape(rows)[1])
        valid = mask | (tf.range(tf.shape(rows)[1]) == 0)
        ids = tf.where(valid, tf.gather(ids, rows), PAD)
        tags, shares = self.model.tag((ids, characters, rows))
        tags = words.with_flat_values(tf.boolean_mask(tf.gather(self.tags, tags), mask))
        return tags, words.with_flat_values(tf.boolean_mask(shares, mask))

    def __call__(self, texts, spaced=False):
        """Any number of strings -> a `Tagged` for each."""
        words = self.cut(tf.constant(list(map(valid_text, texts)), tf.string), spaced).to_list()
        return self.of_words([[word.decode() for word in row] for row in words])

    def of_words(self, sentences):
        """Lists of words -> a `Tagged` for each."""
        order = sorted(range(len(sentences)), key=lambda n: len(sentences[n]))
        results = [None] * len(sentences)
        for start in range(0, len(order), SIZE):
            numbers = order[start : start + SIZE]
            batch = tf.ragged.constant([sentences[n] for n in numbers], tf.string, ragged_rank=1)
            tags, shares = (values.to_list() for values in self.tag(batch))
            for n, row, probabilities in zip(numbers, tags, shares, strict=True):
                row = [tag.decode() for tag in row]
                results[n] = Tagged(list(sentences[n]), row, probabilities)
        return results


def load(run, *, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    reader = Reader(run.path, run.config)
    model = Tagger(run.config.model, *reader.sizes)
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(model, reader), meta
