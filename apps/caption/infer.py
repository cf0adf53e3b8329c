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
    """Picture files, or folders of them. Without any: standard input, a path a line."""
    file: str = ""
    """Read paths from this file instead."""
    n_best: int = 1
    """Print so many captions of each picture, with scores."""
    json: bool = False
    """Print a JSON object a line: picture, and captions with their scores."""
    attention: str = ""
    """Draw where the decoder looked for each word of the (one) picture's caption: a PNG file."""
    beam: int | None = None
    """Beam size; 0 is greedy search. The run's own when not given."""
    sample: bool = False
    """Draw words by their probability instead of searching for the likeliest."""
    temperature: float = 1.0
    """Of sampling: below 1 safer, above 1 wilder."""
    top_k: int = 0
    """Of sampling: only among the k likeliest words; 0: all."""
    top_p: float = 1.0
    """Of sampling: only among the likeliest words that have this probability together."""
    seed: int = 1
    """Of sampling: the same seed and picture, the same caption, whatever stands beside it."""


def groups(paths, size=64):
    """Lists of (path, whether it comes from a folder), at most `size` long; a folder without
    pictures is a path of its own."""

    def files():
        for path in paths:
            if os.path.isdir(path):  # unlike Path.is_dir, no error for any string
                found = [(str(p), True) for p in files_under(path, SUFFIXES)]
                yield from found or [(path, False)]
            else:
                yield path, False

    found = files()
    while group := list(itertools.islice(found, size)):
        yield group


def show(command, path, in_folder, found):
    """Prints the captions of one picture; none when it could not be read."""
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
        raise UserError("--attention draws one picture: give its file as an argument")
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
        raise UserError(f"a run of --model.picture {run.config.model.picture} has no attention")
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
                    raise UserError(f"there is no picture in the folder {path}: name another")
                images[number] = read_picture_file(path)
            except UserError as error:
                print(f"error: {error}", file=sys.stderr)
                failed = True
        found = []
        if images:
            pixels = np.stack([features.scaled(image, size) for image in images.values()])
            inputs = captioner.inputs(tf.constant(pixels)).numpy()
            # Of the pixels: cells may differ in their last bit with the pictures beside them.
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
