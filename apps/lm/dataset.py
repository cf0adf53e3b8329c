"""Data set or your own files -> lines of text -> tokens -> streams."""

import re
import sys

import numpy as np
import tensorflow as tf

import data
from common import text as tokenizers
from common.batches import Batches, Streams
from common.config import BatchingConfig
from common.lists import evenly_spaced
from common.text import EOS, sanitised_lines
from data.readers import plain_text
from data.splits import last_part, print_left_out, read_split
from data.store import Store

CHINESE = re.compile("[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0003ffff]")
EVALUATED = 2048  # tokens per batch in evaluation
HELD_OUT = 20  # one in this many lines of your own text is held out, the last ones


def own_lines(paths, tell=True):
    """Reads the lines of your own files and reports what is left out."""
    return print_left_out(paths, plain_text.read(paths), tell)


def read_lines(config, split):
    """The lines of the split "train", "validation" or "test"."""
    return read_split(
        config,
        split,
        lambda split: Store(row["text"].decode() for row in data.rows(config.name, None, split)),
        lambda paths, given: own_lines(paths, tell=given == split),
        last_part(HELD_OUT),
    )


def make_tokenizer(config, lines, folder):
    """Loads the run's tokenizer, or learns one from `lines` and saves it."""
    if not (folder / "tokenizer.json").exists():
        some = evenly_spaced(lines, tokenizers.ENOUGH)
        tokenizers.train_tokenizer(config.tokenizer, some, config.seed).save(folder)
    return tokenizers.load(folder)


class Lines(Batches):
    """Batches of whole lines, each from a zero state: (inputs, labels) `[batch, longest]`."""

    @property
    def signature(self):
        return (tf.TensorSpec([None, None], tf.int32),) * 2

    def arrays(self, batch):
        (labels,) = super().arrays(batch)
        inputs = np.concatenate([np.full_like(labels[:, :1], EOS), labels[:, :-1]], 1)
        return inputs, labels


def make_batches(config, tokens, replicas=1, rows=None):
    """`Streams` or `Lines` of a text's `Rows`, depending on the configuration.

    `rows`: batch size of an evaluation, whose streams have a fixed length.
    """
    streams, size = config.streams, rows or config.streams.batch_size
    if streams.mode == "lines":
        kept = tokens[tokens.sizes > 1]  # an empty line has nothing to learn
        return Lines([kept], BatchingConfig(batch_size=size), config.seed)
    vary = streams.vary and not rows
    length = max(1, EVALUATED // rows) if rows else streams.length
    made = Streams(tokens.flat, size, length, vary, config.seed, replicas)
    if not rows and made.batch_size < size:
        print(
            f"note: the text is short: streams.batch_size is {made.batch_size} instead of {size}",
            file=sys.stderr,
        )
    return made


def load_tokenizer(folder):
    return tokenizers.load(folder)


def prompts(lines, count=12):
    """Beginnings of lines as examples: three words, or two characters of text without spaces."""
    lines = [" ".join(line.split()) for line in lines]
    lines = [line for line in lines if line]
    chosen = lines[:: max(1, len(lines) // count)][:count]
    return [" ".join(line.split(" ")[:3]) if " " in line else line[:2] for line in chosen]


def count(lines):
    """(words, characters, Chinese characters) of a text as tokenizers see it, without trailing and
    repeated spaces; the end of a line counts as a word and a character."""
    lines = [line.decode() for part in sanitised_lines(lines) for line in part]
    words = sum(len(line.split()) + 1 for line in lines)
    chinese = sum(len(CHINESE.findall(line)) for line in lines)
    return words, sum(len(line) + 1 for line in lines), chinese
