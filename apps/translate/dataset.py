"""Data set or your own files -> sentence pairs -> tokens -> batches."""

import sys

import numpy as np

import data
from common import text
from common.batches import Batches, encode
from common.lists import evenly_spaced
from common.text import EOS
from data.readers import text_files
from data.splits import one_in, print_left_out, read_split

SIDES = ("source", "target")


def own_pairs(files, tell=True):
    """Reads pairs of two aligned text files or of one TSV, and reports what is left out."""
    read = text_files.read_parallel if len(files) == 2 else text_files.read_tsv
    return print_left_out(files, read(*files), tell)


VERSIONS = {"kjv": "en", "bbe": "en", "web": "en"}  # other versions are named by language
LANGUAGES = VERSIONS | {"eng": "en", "fra": "fr", "deu": "de", "cmn": "zh"}


def languages(config, tell=False):
    """Two-letter codes of (source, target); "" where your own files name no language.

    With `tell`, prints a note on stderr if the target language is unknown.
    """
    names = [config.source, config.target]
    if config.train:  # a version belongs to the preset, not to your files
        names = ["" if name in VERSIONS else name for name in names]
    if tell and not names[1]:
        print(
            "note: the target language is not named, so scores split it into words like English: "
            "train with --data.target zh, or whatever it is",
            file=sys.stderr,
        )
    return tuple(LANGUAGES.get(name, name) for name in names)


def read_pairs(config, split):
    """Sentence pairs of the split "train", "validation" or "test"."""
    return read_split(
        config,
        split,
        lambda split: data.pairs(config.name, config.source, config.target, split),
        lambda files, given: own_pairs(files, tell=given == split),
        one_in(50, "pair", lambda pair: pair[0]),
        option="--pair",
    )


def make_tokenizers(config, pairs, folder):
    """(source tokenizer, target tokenizer): loads the run's, or learns them from `pairs`."""
    learned = {"tokenizer": (0, 1)} if config.joint else {"source": (0,), "target": (1,)}
    for name, sides in learned.items():
        if not (folder / f"{name}.json").exists():
            lines = (pair[side] for side in sides for pair in evenly_spaced(pairs, text.ENOUGH))
            text.train_tokenizer(config.tokenizer, lines, config.seed).save(folder, name)
    return load_tokenizers(config, folder)


def load_tokenizers(config, folder):
    if config.joint:
        tokenizer = text.load(folder, "tokenizer")
        return tokenizer, tokenizer
    return tuple(text.load(folder, side) for side in SIDES)


def make_batches(config, pairs, source_tokenizer, target_tokenizer, *, limit=True, sampled=False):
    """`Batches` of (source, target), each ending with EOS.

    With `limit`, pairs that are empty on a side or longer than data.max_length are left out and
    counted. With `sampled`, every epoch draws its own subwords.
    """
    tokenizers, longest = (source_tokenizer, target_tokenizer), config.data.max_length
    columns = [
        encode(tokenizer.tokenize, (pair[side] for pair in pairs))
        for side, tokenizer in enumerate(tokenizers)
    ]
    kept = np.arange(len(pairs))
    if limit:
        sizes = np.stack([column.sizes for column in columns])
        kept = np.flatnonzero((sizes.min(0) > 1) & (sizes.max(0) <= longest))
        if left := len(pairs) - len(kept):
            print(f"{left:,} of {len(pairs):,} pairs left out: empty, or over {longest} tokens")

    def resample(epoch, numbers):
        texts = zip(*(pairs[kept[n]] for n in numbers), strict=True)
        seeds = np.random.default_rng([config.seed, epoch, numbers[0]]).integers(2**31, size=2)
        return [
            [[*row, EOS] for row in tokenizer.sample(lines, int(seed))]
            for tokenizer, lines, seed in zip(tokenizers, texts, seeds, strict=True)
        ]

    columns = [column[kept] for column in columns]
    return Batches(columns, config.batching, config.seed, resample if sampled else None)
