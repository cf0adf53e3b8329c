"""Pinyin to characters in TensorFlow operations only; evaluate, infer and export run this."""

from dataclasses import replace
from typing import NamedTuple

import tensorflow as tf

from apps.pinyin import dataset
from apps.pinyin.model import Converter, shifted
from apps.pinyin.syllables import complaint, tokenize
from common import serving
from common.decoding import possible, run_search
from common.errors import UserError
from common.runs import best_weights
from common.text import PAD, UNK
from common.unicode import valid_text


class Reading(NamedTuple):
    text: str
    score: float  # log-probability, language model and decoder combined


class Pipeline(serving.Pipeline):
    """Tokenizers, model and search as one function from strings to strings."""

    def __init__(self, config, model, syllables, characters):
        super().__init__(model)
        self.config, self.syllables, self.characters = config, syllables, characters
        self.language_weight = config.decoding.language_weight
        self._batched = serving.Batched(lambda texts, search: self.convert(texts, search)[:2])

    def convert(self, texts, search):
        """string `[batch]` -> (texts `[batch, n_best]`, scores, tokens `[batch, n_best, time]`).

        Traceable. `search`: Greedy, Sampling or Beam. Text that is not pinyin gives an empty text
        with the score of an impossible one; an empty text gives an empty text with score 0.
        """
        rows = tokenize(self.syllables, texts)
        unknown = tf.reduce_any(rows == UNK, -1)  # [batch]
        lengths = tf.where(unknown, 0, tf.cast(rows.row_lengths(), tf.int32))
        syllables = tf.pad(rows.to_tensor(PAD), [[0, 0], [0, 1]])  # at least one step
        batch = tf.shape(syllables)[0]
        both = self.model.encode(syllables), syllables
        memory, repeated = (tf.repeat(one, search.width, 0) for one in both)
        step, state = self.model.step(memory, repeated, self.language_weight, batch)
        found = run_search(search, step, state, batch, lengths, keys=texts)
        written = tf.reshape(found.tokens, [-1, tf.shape(found.tokens)[-1]])
        written = tf.reshape(self.characters.detokenize(written), tf.shape(found.scores))
        blank = tf.equal(rows.row_lengths(), 0)[:, None]
        first = tf.range(tf.shape(written)[1]) == 0
        return written, tf.where(blank & first, 0.0, found.scores), found.tokens

    def __call__(self, texts, search=None, batch_size=64):
        """Any number of strings -> for each a list of `Reading`s, best first.

        There may be fewer than the search asks for; text that is not pinyin has none (see
        `complaint`).
        """
        texts = list(map(valid_text, texts))
        search = self.config.decoding.beam if search is None else search
        found = self._batched(texts, search, batch_size, key=len)
        return [[Reading(*one) for one in ranked if possible(one[1])] for ranked in found]

    def best(self, texts, search=None):
        """The best reading of each text."""
        return [(found or [Reading("", 0.0)])[0].text for found in self(texts, search)]

    def complaint(self, text):
        """Why a text is not pinyin, or None."""
        return complaint(self.syllables, text)

    def score(self, text, readings):
        """`Reading`s for the given readings of a pinyin text, scored as a search scores them.

        Raises: UserError for a reading that the syllables do not allow.
        """
        rows = tokenize(self.syllables, tf.constant([text])).to_tensor(PAD)  # [1, time]
        if wrong := self.complaint(text):
            raise UserError(wrong)
        found = []
        for reading in readings:
            tokens = self.characters.tokenize([reading]).to_tensor(PAD)
            if tokens.shape != rows.shape or not rows.shape[1]:
                raise UserError(
                    f"{reading!r} has {tokens.shape[1]} characters, {text!r} has {rows.shape[1]} "
                    "syllables: give one character per syllable"
                )
            features = [one[0] for one in self.model((rows, shifted(tokens)))]
            log_probs = self.model.log_probs(features, rows[0], self.language_weight)
            each = tf.gather(log_probs, tokens[0], batch_dims=1).numpy()
            # Spaces, for example, are not tokens.
            signs = reading if len(reading) == len(each) else self.characters.pieces(tokens[0])
            if wrong := [c for c, p in zip(signs, each, strict=True) if not possible(p)]:
                raise UserError(f"{reading!r}: {wrong[0]} is unknown, or not read so: correct it")
            found.append(Reading(reading, float(each.sum())))
        return found


def load(run, *, without_cudnn=False, language_weight=None):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    config = run.config
    if language_weight is not None:  # a new configuration checks its values
        decoding = replace(config.decoding, language_weight=language_weight)
        config = replace(config, decoding=decoding)
    syllables, characters, allowed = dataset.load_tokenizers(run.path)
    model = Converter(config.model, allowed)
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(config, model, syllables, characters), meta
