"""Data set or your own Chinese text -> pieces with pinyin -> tokens -> batches."""

import sys
from collections import Counter

import numpy as np
import tensorflow as tf

import data
from apps.pinyin.syllables import segmenter
from common import text as tokenizers
from common.batches import Batches
from common.config import TokenizerConfig
from common.files import read_json, write_json
from common.text import EOS, UNK
from data.pinyin import reading
from data.readers import plain_text
from data.splits import one_in, print_left_out, read_split

READINGS = "readings.json"
CHARACTERS = TokenizerConfig(kind="char", vocab_size=30000)


def own_pairs(paths, tell=True):
    """(pinyin, text) for each piece of your own files."""
    lines = print_left_out(paths, plain_text.read(paths), tell)
    pieces = [piece for line in lines for piece in reading.pieces(line)]
    texts = dict.fromkeys(pieces)
    pairs = [(" ".join(syllables), t) for t in texts if (syllables := reading.read(t))]
    if tell:
        found = (
            f"{len(pieces)} pieces of {reading.SHORTEST} to {reading.LONGEST} Chinese characters"
        )
        used = f"{len(pairs)} distinct pieces with known readings are used"
        print(f"{', '.join(paths)}: {found} in {len(lines)} lines; {used}", file=sys.stderr)
    if len(pairs) < 2:
        raise data.DataError(
            f"{', '.join(paths)}: {len(pairs)} pieces of {reading.SHORTEST} to {reading.LONGEST} "
            "Chinese characters, too few to train on or to score: give more text"
        )
    return pairs


def set_pairs(part, split):
    return [(r["pinyin"].decode(), r["text"].decode()) for r in data.rows("pinyin", part, split)]


def pairs_of_sets(parts, split):
    """(pinyin, text) of several configurations of the set; no piece is in two splits."""
    pairs = [pair for part in parts for pair in set_pairs(part, split)]
    if split == "train" and len(parts) > 1:  # a part may train on another's test piece
        held_out = (set_pairs(part, s) for part in parts for s in ("validation", "test"))
        held_out = {text for rows in held_out for _, text in rows}
        pairs = [pair for pair in pairs if pair[1] not in held_out]
    return pairs


def read_pairs(config, split):
    """(pinyin, text) for each piece of the split "train", "validation" or "test"."""
    return read_split(
        config,
        split,
        lambda split: pairs_of_sets(config.parts, split),
        lambda paths, given: own_pairs(paths, tell=given == split),
        one_in(50, "piece", lambda pair: pair[1]),
    )


def make_tokenizers(pairs, folder):
    """Loads the run's tokenizers, or learns them from `pairs` and saves them.

    A syllable allows the characters seen with it, and those that the dictionary reads this way,
    out of all characters of `pairs` and the frequent ones. Returns as `load_tokenizers`.
    """
    if not (folder / READINGS).exists():
        seen = Counter(pair for p, t in pairs for pair in zip(p.split(), t, strict=True))
        texts = [text for _, text in pairs]
        characters = tokenizers.train_tokenizer(CHARACTERS, [*texts, reading.FREQUENT])
        known = reading.readings(characters.pieces(range(EOS + 1, characters.vocab_size)))
        allowed = {}
        for syllable, character in [*seen, *((s, c) for c in known for s in sorted(known[c]))]:
            allowed.setdefault(syllable, {})[character] = None
        counts = dict.fromkeys(allowed, 0)
        for (syllable, _), count in seen.items():
            counts[syllable] += count
        segmenter(counts).save(folder, "syllables")
        characters.save(folder, "characters")
        write_json(folder / READINGS, {s: "".join(allowed[s]) for s in sorted(allowed)})
    return load_tokenizers(folder)


def load_tokenizers(folder):
    """(syllable tokenizer, character tokenizer, bool `[syllables, characters]`: allowed readings).

    Every syllable allows <unk>, for characters that are not in the training data.
    """
    syllables = tokenizers.load(folder, "syllables")
    characters = tokenizers.load(folder, "characters")
    readings = read_json(folder / READINGS)
    allowed = np.zeros([syllables.vocab_size, characters.vocab_size], bool)
    for row, syllable in enumerate(syllables.pieces(range(EOS + 1, syllables.vocab_size)), EOS + 1):
        allowed[row, characters.tokenize([readings[syllable]]).numpy()[0]] = True
    allowed[EOS + 1 :, UNK] = True
    return syllables, characters, allowed


def make_batches(config, pairs, syllables, characters):
    """`Batches` of (syllables, characters), one syllable per character; UNK is a syllable that the
    run does not have."""
    sources, targets = map(list, zip(*pairs, strict=True))
    read = syllables.tokenize([word for source in sources for word in source.split()])
    first = tf.gather(read.flat_values, read.row_starts())
    read = tf.where(read.row_lengths() == 1, first, UNK).numpy()
    read = np.split(read, np.cumsum([len(target) for target in targets])[:-1])
    written = list(characters.tokenize(targets).numpy())
    return Batches([read, written], config.batching, config.seed)
