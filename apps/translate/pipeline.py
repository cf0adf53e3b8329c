"""Text to translation in TensorFlow operations only; evaluate, infer and export all run this."""

import sys
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from apps.translate import dataset
from apps.translate.model import Translator
from common import serving
from common.decoding import run_search
from common.lists import first_few
from common.runs import best_weights
from common.text import BOS, EOS, PAD, split_long
from common.unicode import valid_text


class Translation(NamedTuple):
    text: str
    score: float  # log-probability under the beam's penalties; for long texts the sum over pieces


class Pipeline(serving.Pipeline):
    """Tokenizers, model and search as one function from strings to strings."""

    def __init__(self, config, model, source_tokenizer, target_tokenizer):
        super().__init__(model)
        self.config = config
        self.source_tokenizer, self.target_tokenizer = source_tokenizer, target_tokenizer
        self._batched = serving.Batched(lambda texts, search: self.translate(texts, search)[:2])

    @property
    def tokenizers(self):
        return self.source_tokenizer, self.target_tokenizer

    def source_tokens(self, texts):
        """string `[batch]` -> int32 `[batch, source]`: tokens, EOS, PAD; at most max_length."""
        ragged = self.source_tokenizer.tokenize(texts)[:, : self.config.data.max_length - 1]
        end = tf.fill([tf.shape(texts)[0], 1], EOS)
        return tf.concat([ragged, end], 1).to_tensor(PAD)

    def translate(self, texts, search):
        """string `[batch]` -> (texts `[batch, n_best]`, scores, tokens `[batch, n_best, time]`).

        Traceable. `search`: Greedy, Sampling or Beam. Sampling depends on seed and text only.
        """
        model, decoding = self.model, self.config.decoding
        source = self.source_tokens(texts)
        lengths = tf.reduce_sum(tf.cast(source != PAD, tf.float32), 1)
        limits = tf.cast(lengths * decoding.length_ratio, tf.int32) + decoding.length_extra
        memory, state = model.encode(source)
        batch = tf.shape(source)[0]
        step, mask = model.step(memory), memory.mask
        found = run_search(search, step, state, batch, limits, keys=texts, source_mask=mask)
        rows = tf.reshape(found.tokens, [-1, tf.shape(found.tokens)[-1]])
        output = tf.reshape(self.target_tokenizer.detokenize(rows), tf.shape(found.scores))
        # An empty sentence has an empty translation, whatever the model would write.
        blank = tf.equal(lengths, 1.0)[:, None]
        return tf.where(blank, "", output), tf.where(blank, 0.0, found.scores), found.tokens

    def __call__(self, texts, search=None, batch_size=64, first=1):
        """Any number of strings of any length -> for each a list of n_best `Translation`s.

        Texts longer than the training limit are translated in pieces, see `split_long`. What still
        does not fit is left out; a warning on stderr lists the texts, numbered from `first`.
        """
        pieces, owners, cut = [], [], []
        for number, text in enumerate(texts):
            parts, too_long = split_long(valid_text(text), self._fits)
            pieces += parts
            owners += [number] * len(parts)
            cut += [first + number] * (too_long > 0)
        if cut:
            print(
                f"warning: the ends of sentences with more than "
                f"{self.config.data.max_length - 1} tokens are left out, in {len(cut)} texts "
                f"(number {first_few(cut)})",
                file=sys.stderr,
            )
        results = [[] for _ in texts]
        search = self.config.decoding.beam if search is None else search
        found = self._batched(pieces, search, batch_size, key=len)
        for number, ranked in zip(owners, found, strict=True):
            results[number].append([Translation(*pair) for pair in ranked])
        space = "" if dataset.languages(self.config.data)[1] in ("zh", "ja") else " "
        return [
            [
                Translation(space.join(t.text for t in ranked), sum(t.score for t in ranked))
                for ranked in zip(*parts, strict=True)
            ]
            for parts in results
        ]

    def best(self, texts, search=None, batch_size=64):
        """The best translation of each text."""
        return [found[0].text for found in self(texts, search, batch_size)]

    def attention(self, text, translation):
        """(weights `[target, source]`, source tokens, target tokens) of a translation; all empty
        for an empty text."""
        source = self.source_tokens(tf.constant([text]))
        if source.shape[1] == 1:
            return np.zeros([0, 0]), [], []
        target = tf.concat([self.target_tokenizer.tokenize(tf.constant([translation])), [[EOS]]], 1)
        target = tf.cast(target.to_tensor(), tf.int32)
        shifted = tf.concat([[[BOS]], target[:, :-1]], 1)
        _, weights = self.model((source, shifted))
        pieces = self.source_tokenizer.pieces(source.numpy()[0])
        return weights.numpy()[0], pieces, self.target_tokenizer.pieces(target.numpy()[0])

    def _fits(self, text):
        limit = self.config.data.max_length - 1
        # A short text fits without tokenising; but NFKC turns a sign such as ½ into three.
        return (text.isascii() and len(text) < limit) or (
            int(self.source_tokenizer.tokenize(tf.constant([text])).row_lengths()[0]) <= limit
        )


def load(run, *, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    source, target = dataset.load_tokenizers(run.config, run.path)
    model = Translator(run.config.model, source.vocab_size, target.vocab_size)
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(run.config, model, source, target), meta
