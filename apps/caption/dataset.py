"""Data set or your own files -> pictures with captions -> arrays and tokens -> batches."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

import data
from common import text as tokenizers
from common.batches import Batches
from common.errors import UserError
from common.files import atomic
from common.metrics.coco_tokens import coco_tokens
from common.text import EOS
from common.vision import read_picture
from data.readers import caption_files
from data.splits import one_in, print_left_out, read_split

WHOLE = ((b"\xff\xd8", b"\xff\xd9"), (b"\x89PNG", b"IEND\xaeB`\x82"))  # of JPEG and PNG
LARGE = 5_000_000  # bytes, of which a picture may have too many pixels


class Picture(NamedTuple):
    name: str
    content: bytes | Path  # the encoded picture, or its path
    captions: list[str]

    def read(self):
        try:
            return self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {self.content}: {error.strerror}") from None


def own_pictures(captions, folder="", split="", tell=True):
    """Reads the pictures of a captions file and reports what is left out."""
    found = print_left_out(captions, caption_files.read_captions(captions, folder, split), tell)
    return [Picture(path.name, path, texts) for path, texts in found]


def read_pictures(config, split):
    """The `Picture`s of a split: train, validation, test, or another split of the set."""
    return read_split(
        config,
        split,
        lambda split: [Picture(*row) for row in data.pictures(config.name, config.language, split)],
        lambda captions, given: own_pictures(captions, config.folder, given, tell=given == split),
        one_in(20, "picture", lambda picture: Path(picture.name).stem),
        option="--captions",
    )


def can_be_read(picture):
    """Whether a picture will not be left out; only one that does not look whole is decoded."""
    try:
        content = picture.read()
        whole = [content.startswith(begin) and content.endswith(end) for begin, end in WHOLE]
        if not any(whole) or len(content) > LARGE:
            read_picture(content)
        return True
    except UserError:
        return False


def clean(config, caption):
    """A caption to learn; contractions that coco_tokens splits ("man 's") are joined again."""
    if config.words == "plain":
        return " ".join(caption.split())
    return re.sub(r" (?=(n't|'(s|re|ve|ll|d|m))( |$))", "", " ".join(coco_tokens(caption)))


def make_tokenizer(config, pictures, folder):
    """Loads the run's tokenizer, takes that of the run it starts from, or learns one.

    A new one is learned from the captions of `pictures`, which are kept in captions.txt; captions
    of pictures that cannot be read, and that training leaves out, do not count.
    """
    if not (folder / "tokenizer.json").exists():
        if config.data.train:
            pictures = [picture for picture in pictures if can_be_read(picture)]
        lines = [clean(config.data, text) for picture in pictures for text in picture.captions]
        with atomic(folder / "captions.txt") as file:
            file.writelines(line + "\n" for line in dict.fromkeys(lines))
        if config.start_from:
            tokenizer = tokenizers.load(config.start_from)
        else:
            tokenizer = tokenizers.train_tokenizer(config.tokenizer, lines, config.seed)
        tokenizer.save(folder)
    return tokenizers.load(folder)


class CaptionBatches(Batches):
    """`Batches` of (picture input, tokens of a caption)."""

    def __init__(self, inputs, owners, tokens, config, seed=0):
        super().__init__([tokens], config, seed)
        self.inputs, self.owners = inputs, np.array(owners)

    @property
    def signature(self):
        array = self.inputs.array
        return tf.TensorSpec([None, *array.shape[1:]], array.dtype), *super().signature

    def arrays(self, batch):
        owners = self.owners[batch.numbers]
        sides = len(self.inputs.rows) // len(self.inputs.pictures)
        if sides > 1:  # random sides, but always the same for this batch
            chosen = np.random.default_rng([self.seed, *batch.numbers]).integers(
                0, sides, len(owners)
            )
            owners = owners + chosen * len(self.inputs.pictures)
        return self.inputs.array[self.inputs.rows[owners]], *super().arrays(batch)


def make_batches(config, inputs, tokenizer, *, limit=True):
    """Every caption with its picture; with `limit`, empty captions and those longer than
    data.max_length are left out and counted."""
    texts, owners = [], []
    for number, picture in enumerate(inputs.pictures):
        texts += [clean(config.data, text) for text in picture.captions]
        owners += [number] * len(picture.captions)
    rows = tokenizer.tokenize(np.array(texts, dtype=object)).to_list()
    longest, kept = config.data.max_length, range(len(rows))
    if limit:
        kept = [n for n in kept if 0 < len(rows[n]) < longest]
        if left := len(rows) - len(kept):
            print(f"{left:,} of {len(rows):,} captions left out: empty, or over {longest} tokens")
    tokens = [np.array([*rows[n], EOS], np.int32) for n in kept]
    owners = [owners[n] for n in kept]
    return CaptionBatches(inputs, owners, tokens, config.batching, config.seed)
