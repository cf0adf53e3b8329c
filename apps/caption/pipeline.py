"""Picture to caption in TensorFlow operations only; evaluate, infer and export run this."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from apps.caption.model import Captioner
from common import serving
from common import text as tokenizers
from common.decoding import run_search
from common.errors import UserError
from common.runs import best_weights
from common.text import BOS, EOS
from common.vision.picture_ops import decode, resize


class Caption(NamedTuple):
    text: str
    score: float  # log-probability under the beam's length penalty


class Pipeline(serving.Pipeline):
    """Picture decoding, network, search and tokenizer as one function to strings."""

    def __init__(self, config, model, tokenizer):
        super().__init__(model)
        self.config, self.tokenizer = config, tokenizer
        self._batched = serving.Batched(
            lambda rows, search: self.describe(rows[0], search, rows[1])[:2]
        )

    def inputs(self, images):
        """uint8 pixels `[batch, size, size, 3]` -> inputs of the model."""
        return images if self.config.encoder.train else self.model.frozen_cells(images)

    def images(self, contents):
        """Encoded pictures, string `[batch]` -> uint8 pixels `[batch, size, size, 3]`."""
        size = self.config.encoder.size
        spec = tf.TensorSpec([size, size, 3], tf.uint8)
        return tf.map_fn(lambda one: resize(decode(one), size), contents, fn_output_signature=spec)

    def describe(self, inputs, search, keys=None):
        """inputs -> (texts `[batch, n_best]`, scores, tokens `[batch, n_best, time]`).

        Traceable. `search`: Greedy, Sampling or Beam. Sampling depends on the seed and on the
        picture's key, string `[batch]`, only.
        """
        model, limit = self.model, self.config.data.max_length
        memory, state = model.encode(inputs)
        batch = tf.shape(inputs)[0]
        step, mask = model.step(memory), memory.mask
        found = run_search(search, step, state, batch, limit, keys=keys, source_mask=mask)
        return self.text(found.tokens), found.scores, found.tokens

    def text(self, tokens):
        """int32 `[batch, n_best, time]` -> string `[batch, n_best]`."""
        rows = tf.reshape(tokens, [-1, tf.shape(tokens)[-1]])
        texts = self.tokenizer.detokenize(rows)
        # Words are cut at hyphens, which occur nowhere else: "medium - dark" is one word again.
        for _ in range(2):  # twice: the hyphens of "jack-o-lantern" share a letter
            texts = tf.strings.regex_replace(texts, r"(\S) - (\S)", r"\1-\2")
        return tf.reshape(texts, tf.shape(tokens)[:2])

    def __call__(self, inputs, search=None, batch_size=64, keys=None):
        """Any number of inputs (an array) -> for each a list of n_best `Caption`s.

        Args:
            keys: for sampling, a different string for each input.
        """
        search = self.config.decoding if search is None else search
        rows = list(zip(inputs, keys or [""] * len(inputs), strict=True))
        found = self._batched(rows, search, batch_size)
        return [[Caption(*pair) for pair in ranked] for ranked in found]

    def best(self, inputs, search=None, batch_size=64):
        """The best caption of each input."""
        return [found[0].text for found in self(inputs, search, batch_size)]

    def best_of_rows(self, inputs, search=None):
        """The best caption of each picture of a `features.Inputs`, without loading all at once."""
        captions, rows = [], inputs.rows[: len(inputs.pictures)]
        for start in range(0, len(rows), 512):
            captions += self.best(
                np.ascontiguousarray(inputs.array[rows[start : start + 512]]), search
            )
        return captions

    def attention(self, inputs, caption):
        """(weights `[words, cells]`, words) of a picture's caption; its end is the last word."""
        tokens = self.tokenizer.tokenize(tf.constant([caption]))
        tokens = tf.concat([tf.cast(tokens, tf.int32), [[EOS]]], 1).to_tensor()
        shifted = tf.concat([[[BOS]], tokens[:, :-1]], 1)
        _, weights = self.model((tf.constant(inputs), shifted))
        return weights.numpy()[0], self.tokenizer.pieces(tokens.numpy()[0])


def load(run, *, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    tokenizer = tokenizers.load(run.path)
    model = Captioner(run.config, tokenizer.vocab_size, pretrained=False)
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(run.config, model, tokenizer), meta


def start_from(run, model, config):
    """Initialises a new model with the best weights of another run."""
    if run.config.encoder.train and not config.encoder.train:
        raise UserError(
            f"the encoder of {run.path} was trained, so its cells differ from those kept for "
            f"{config.encoder.name}: add --encoder.train"
        )
    best_weights(run, model)
