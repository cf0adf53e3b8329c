"""Text to summary in TensorFlow operations only; evaluate, infer and export all run this."""

import re
import sys
from typing import NamedTuple

import tensorflow as tf

from apps.summarize.model import Summarizer
from apps.summarize.source import DOCUMENTS, read
from common import serving
from common.decoding import run_search
from common.lists import first_few
from common.runs import best_weights
from common.text import PAD, JoinerTokenizer, visible_tokens
from common.text import load as load_tokenizer
from common.unicode import valid_text


class Summary(NamedTuple):
    text: str
    score: float  # log-probability under the beam's penalties


class Pipeline(serving.Pipeline):
    """Tokenizer, model and search as one function from strings to strings."""

    def __init__(self, config, model, tokenizer):
        super().__init__(model)
        self.config, self.tokenizer = config, tokenizer
        self._batched = serving.Batched(lambda texts, search: self.summarize(texts, search)[:2])

    def summarize(self, texts, search):
        """string `[batch]` -> (texts `[batch, n_best]`, scores, tokens `[batch, n_best, time]`).

        Traceable. `search`: Greedy, Sampling or Beam. Sampling depends on seed and text only.
        """
        model, limit = self.model, self.config.decoding.max_length
        source = read(self.tokenizer, texts, self.config.data)
        tokens = source.tokens.to_tensor(PAD)  # [batch, source]
        memory, state = model.encode(tokens)
        batch = tf.shape(tokens)[0]
        step, mask = model.step(memory, tokens, search.width), memory.mask
        found = run_search(search, step, state, batch, limit, keys=texts, source_mask=mask)
        output = self._write(found.tokens, source)
        # An empty document has an empty summary, whatever the model would write.
        empty = source.empty[:, None]
        return tf.where(empty, "", output), tf.where(empty, 0.0, found.scores), found.tokens

    def _write(self, tokens, source):
        """int32 `[batch, n_best, time]` of the extended vocabulary -> string `[batch, n_best]`."""
        n_best = tf.shape(tokens)[1]
        rows = tf.reshape(tokens, [-1, tf.shape(tokens)[-1]])
        if not isinstance(self.tokenizer, JoinerTokenizer):
            return tf.reshape(self.tokenizer.detokenize(rows), [-1, n_best])
        rows = visible_tokens(rows)
        known = rows.flat_values < self.tokenizer.vocab_size
        written = self.tokenizer.strings(tf.where(known, rows.flat_values, 0))
        places = tf.maximum(rows.flat_values - self.tokenizer.vocab_size, 0)
        places = tf.stack([tf.cast(rows.value_rowids(), tf.int32) // n_best, places], -1)
        copied = tf.gather_nd(source.words.to_tensor(""), places)
        words = rows.with_flat_values(tf.where(known, written, copied))
        return tf.reshape(tf.strings.strip(self.tokenizer.join(words)), [-1, n_best])

    def __call__(self, texts, search=None, batch_size=32, quiet=False, first=1):
        """Any number of strings -> for each a list of n_best `Summary`s.

        Text beyond the length limit is ignored. Unless `quiet`, a note on stderr lists the texts
        that were cut, numbered from `first`.
        """
        texts = list(map(valid_text, texts))
        numbers = () if quiet else enumerate(texts, first)
        cut = [n for n, text in numbers if not self._fits(text)]
        if cut:
            print(
                f"note: only the first {self.config.data.max_length} tokens of a source are read, "
                f"which leaves out the end of {len(cut)} texts (number {first_few(cut)})",
                file=sys.stderr,
            )
        search = self.config.decoding.beam if search is None else search
        found = self._batched(texts, search, batch_size, key=len)
        return [[Summary(*pair) for pair in ranked] for ranked in found]

    def best(self, texts, search=None, quiet=False):
        """The best summary of each text."""
        return [found[0].text for found in self(texts, search, quiet=quiet)]

    def _fits(self, text):
        if mark := self.config.data.line_mark:
            text = re.sub(r"[\r\n]+", lambda _: mark, text.strip())
        documents = text.split(DOCUMENTS)
        share = self.config.data.max_length // len(documents) - 1
        # A short text fits without tokenising; but NFKC turns a sign such as ½ into three.
        long = [text for text in documents if not text.isascii() or len(text) >= share]
        return not long or (
            int(tf.reduce_max(self.tokenizer.tokenize(tf.constant(long)).row_lengths())) <= share
        )


def load(run, *, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    tokenizer = load_tokenizer(run.path)
    model = Summarizer(run.config.model, tokenizer.vocab_size)
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(run.config, model, tokenizer), meta
