"""Picture inputs of the model: read, scaled, encoded once, and kept on disk."""

import hashlib
import sys
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from apps.caption.dataset import Picture
from common.errors import UserError
from common.vision import ArrayStore, read_picture
from common.vision.picture_ops import resize
from data.sources import tfds_folder


class Inputs(NamedTuple):
    """Picture inputs of the model on disk: pixels, or cells of a frozen encoder."""

    pictures: list[Picture]  # those that are readable
    rows: np.ndarray  # int64 [pictures], the row of each in `array`
    array: np.ndarray  # [rows, size, size, 3] uint8, or [rows, cells, depth] float16


def load_inputs(model, pictures, flip=False):
    """The `Inputs` of pictures; new ones are read, scaled, encoded and kept on disk.

    Unreadable pictures are reported and left out. With `flip`, the second half of `rows` is for the
    cells of the mirrored pictures, if the encoder is frozen.
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
    return resize(tf.constant(image), size).numpy()
