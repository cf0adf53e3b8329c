"""Describes pictures: python -m apps.caption.infer RUN [PATH ...]; without PATH, standard input."""

import itertools
import json
import os
import sys
import zlib
from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.caption.config import Config
from common.commands import numbered
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from common.vision import SUFFIXES, read_picture_file
from data.readers import read_lines
from data.sources import files_under


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Picture files, or folders of them. Without any: standard input, one path per line."""
    file: str = ""
    """Read paths from this file instead."""
    n_best: int = 1
    """Print the N best captions of each picture with their scores."""
    json: bool = False
    """Print one JSON object per line: picture, and captions with their scores."""
    attention: str = ""
    """Draw the attention for each word of a single picture's caption into this PNG file."""
    beam: int | None = None
    """Beam size; 0: greedy search; None: the run's own."""
    sample: bool = False
    """Sample words by their probability instead of searching for the most probable caption."""
    temperature: float = 1.0
    """Sampling: below 1 safer, above 1 more varied."""
    top_k: int = 0
    """Sampling: only from the k most probable words; 0: all."""
    top_p: float = 1.0
    """Sampling: only from the most probable words that together have this probability."""
    seed: int = 1
    """Sampling: the same seed and picture give the same caption, in any batch."""


def groups(paths, size=64):
    """Lists of at most `size` pairs (path, whether it is from a folder).

    A folder without pictures is listed as a path.
    """

    def files():
        for path in paths:
            if os.path.isdir(path):  # unlike Path.is_dir, never an error
                found = [(str(p), True) for p in files_under(path, SUFFIXES)]
                yield from found or [(path, False)]
            else:
                yield path, False

    found = files()
    while group := list(itertools.islice(found, size)):
        yield group


def show(command, path, in_folder, found):
    """Prints the captions of a picture; none if it could not be read."""
    if command.json:
        row = {"picture": path, "captions": [item._asdict() for item in found]}
        print(json.dumps(row, ensure_ascii=False))
        return
    start = f"{path}\t" if in_folder else ""
    if command.n_best > 1:
        for item in found:
            print(f"{start}{item.score:.4f}\t{item.text}")
    else:
        print(start + (found[0].text if found else ""))


def main():
    command = tyro.cli(Command, prog="python -m apps.caption.infer", description=__doc__)
    one = len(command.text) == 1 and command.text[0].strip() and not os.path.isdir(command.text[0])
    if command.attention and not one:
        raise UserError("--attention draws a single picture: give its file as an argument")
    parts = numbered(command.text, command.file, read_lines, size=64)

    load_tensorflow()
    import numpy as np
    import tensorflow as tf

    from apps.caption import features, pictures, pipeline
    from common.commands import sampling, search_with
    from common.runs import Run

    run = Run.open(command.run, "caption", Config)
    captioner, _ = pipeline.load(run)
    if command.attention and run.config.model.picture != "attention":
        raise UserError(
            f"a run of --model.picture {run.config.model.picture} has no attention to draw"
        )
    if command.sample:
        search = sampling(command)
    else:
        search = search_with(run.config.decoding, beam=command.beam, n_best=command.n_best)
    failed, size = False, run.config.encoder.size
    for listed in itertools.chain.from_iterable(groups(paths) for _, paths in parts):
        images = {}
        for number, (path, _) in enumerate(listed):
            if not path.strip():  # an empty line in, an empty line out
                continue
            try:
                if os.path.isdir(path):
                    raise UserError(f"there is no picture in the folder {path}: give another")
                images[number] = read_picture_file(path)
            except UserError as error:
                print(f"error: {error}", file=sys.stderr)
                failed = True
        found = []
        if images:
            pixels = np.stack([features.scaled(image, size) for image in images.values()])
            inputs = captioner.inputs(tf.constant(pixels)).numpy()
            # Keys come from pixels, since cells may depend on the batch in their last bit.
            keys = [f"{zlib.crc32(image)}" for image in pixels]
            found = captioner(inputs, search, keys=keys)
        captions = dict(zip(images, found, strict=True))
        for number, (path, in_folder) in enumerate(listed):
            show(command, path, in_folder, captions.get(number, []))
        sys.stdout.flush()
    if command.attention and images:
        weights, words = captioner.attention(inputs, found[0][0].text)
        for warning in pictures.attention_sheet(command.attention, images[0], weights, words):
            print(f"warning: {warning}", file=sys.stderr)
    return 2 if failed else 0


if __name__ == "__main__":
    run_main(main)
