"""Data set or people's own files -> pictures with captions -> arrays and tokens -> batches."""

import hashlib
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

import data as sets
from common import text as tokenizers
from common.batching import Batches
from common.errors import UserError
from common.files import atomic
from common.metrics.coco_tokens import coco_tokens
from common.text import EOS
from common.vision.reading import read_picture
from common.vision.store import ArrayStore
from data import caption_files
from data.sources import tfds_folder


class Picture(NamedTuple):
    name: str
    content: bytes | Path  # the encoded picture, or where it is
    captions: list[str]

    def read(self):
        try:
            return self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {self.content}: {error.strerror}") from None


def own_pictures(captions, folder="", split=""):
    """Pictures of a captions file, with a report of what was left out."""
    found, report = caption_files.read_captions(captions, folder, split)
    if report.kept < report.total:
        print(f"{captions}: {report}", file=sys.stderr)
    return [Picture(path.name, path, texts) for path, texts in found]


def read_pictures(config, split):
    """The `Picture`s of a split: train, validation, test, or another one that the set has."""
    if not config.train:
        rows = sets.pictures(config.name, config.language, split)
        pictures = [Picture(*row) for row in rows]
    elif split != "train" and getattr(config, split, ""):
        pictures = own_pictures(getattr(config, split), config.folder, split)
    elif split not in ("train", "validation"):
        raise sets.DataError(
            "the run has no test captions: give --data.test when training, or evaluate --captions"
        )
    else:  # a twentieth of people's own training pictures validates when they give nothing else
        pictures = own_pictures(config.train, config.folder, "train")
        if not config.validation:
            held = pictures[::20]
            pictures = [p for n, p in enumerate(pictures) if n % 20] if split == "train" else held
    return pictures[: config.limit] if split == "train" and config.limit else pictures


def clean(config, caption):
    """A caption as it is learned."""
    return " ".join(coco_tokens(caption) if config.words == "coco" else caption.split())


def make_tokenizer(config, pictures, folder):
    """The run's own tokenizer, at first learned on the captions of `pictures`, which are kept in
    captions.txt."""
    if not (folder / "tokenizer.json").exists():
        lines = [clean(config.data, text) for picture in pictures for text in picture.captions]
        with atomic(folder / "captions.txt") as file:
            file.writelines(line + "\n" for line in dict.fromkeys(lines))
        tokenizers.train_tokenizer(config.tokenizer, lines, config.seed).save(folder, "tokenizer")
    return tokenizers.load(folder, "tokenizer")


class Inputs(NamedTuple):
    """What the model gets of each picture, on disk: pixels, or cells of a frozen encoder."""

    pictures: list[Picture]  # those that can be read
    rows: np.ndarray  # int64 [pictures], the row of each in `array`
    array: np.ndarray  # [rows, size, size, 3] uint8, or [rows, cells, depth] float16


def load_inputs(model, pictures, flip=False):
    """The `Inputs` of pictures; what is new is read, scaled, encoded and kept on disk.

    Pictures that cannot be read are named and left out. With `flip` the mirror images' cells of a
    frozen encoder come as well: their rows are those of the second half of `rows`.
    """
    encoder = model.config.encoder
    trained = encoder.train
    name = "pixels" if trained else encoder.name
    folder = tfds_folder() / "features" / f"{name}-{encoder.size}"
    shape = (encoder.size, encoder.size, 3) if trained else model.cells_shape
    store = ArrayStore(folder, shape, np.uint8 if trained else np.float16)
    encode = None if trained else tf.function(model.frozen_cells)
    keys, refused = [], {}
    for number, picture in enumerate(pictures):
        try:
            keys.append(hashlib.sha256(picture.read()).hexdigest())
        except UserError as error:
            keys.append("")
            refused[number] = str(error)

    def make(positions, mirrored):
        found = [pixels(n) for n in positions]
        good = [one for one in found if one is not None]
        if encode and good:
            images = np.stack([one[:, ::-1] if mirrored else one for one in good])
            good = list(encode(tf.constant(images)).numpy())
        return [None if one is None else good.pop(0) for one in found]

    def pixels(number):
        try:
            content = pictures[number].read()
            return scaled(read_picture(content, pictures[number].name), encoder.size)
        except UserError as error:
            refused[number] = str(error)
            return None

    def tell(done, total):
        if sys.stderr.isatty() or done == total or done % 1024 == 0:
            print(f"pictures read and kept in {folder}: {done:,} of {total:,}", file=sys.stderr)

    sides = [store.rows(keys, lambda p: make(p, False), tell)]
    if flip and not trained:
        flipped = [key and key + "-mirrored" for key in keys]
        sides.append(store.rows(flipped, lambda p: make(p, True), tell))
    for message in refused.values():
        print(f"left out: {message}", file=sys.stderr)
    kept = [n for n in range(len(pictures)) if n not in refused]
    if not kept:
        raise UserError("none of the pictures can be read: give JPEG, PNG, GIF, BMP or WebP files")
    rows = np.concatenate([side[kept] for side in sides])
    return Inputs([pictures[n] for n in kept], rows, store.array())


def scaled(image, size):
    """uint8 `[height, width, 3]` -> `[size, size, 3]`, as inside an export."""
    from common.vision.graph import resize

    return resize(tf.constant(image), size).numpy()


class CaptionBatches(Batches):
    """`Batches` of (what the model gets of the picture, a caption's tokens)."""

    def __init__(self, inputs, owners, tokens, config, seed=0):
        super().__init__([tokens], config, seed)
        self.inputs, self.owners = inputs, np.array(owners)

    @property
    def signature(self):
        array = self.inputs.array
        return tf.TensorSpec([None, *array.shape[1:]], array.dtype), *super().signature

    def arrays(self, numbers):
        owners = self.owners[numbers]
        sides = len(self.inputs.rows) // len(self.inputs.pictures)
        if sides > 1:  # which side: by chance, but the same whenever this batch is made
            chosen = np.random.default_rng([self.seed, *numbers]).integers(0, sides, len(owners))
            owners = owners + chosen * len(self.inputs.pictures)
        return self.inputs.array[self.inputs.rows[owners]], *super().arrays(numbers)


def make_batches(config, inputs, tokenizer):
    """Every caption with its picture; the empty and the too long are left out, and counted."""
    texts, owners = [], []
    for number, picture in enumerate(inputs.pictures):
        texts += [clean(config.data, text) for text in picture.captions]
        owners += [number] * len(picture.captions)
    rows = tokenizer.tokenize(np.array(texts, dtype=object)).to_list()
    longest = config.data.max_length
    kept = [n for n, row in enumerate(rows) if 0 < len(row) < longest]
    if left := len(rows) - len(kept):
        print(f"{left:,} of {len(rows):,} captions left out: empty, or over {longest} tokens")
    tokens = [np.array([*rows[n], EOS], np.int32) for n in kept]
    owners = [owners[n] for n in kept]
    return CaptionBatches(inputs, owners, tokens, config.batching, config.seed)
