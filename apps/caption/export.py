"""Exports a run as a SavedModel, picture to text: python -m apps.caption.export RUN --out DIR."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.caption.config import Config
from common.errors import run_main
from common.quiet import load_tensorflow
from common.vision.reading import read_picture_file

FORMATS = ("PNG", "JPEG", "GIF", "BMP")


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    out: str = "exports/caption"
    """The model's folder; the export is the next free version number in it, at first OUT/1/."""


def main():
    command = tyro.cli(Command, prog="python -m apps.caption.export", description=__doc__)

    load_tensorflow()
    from apps.caption import pipeline
    from common.export import export_search
    from common.run import Run

    run = Run.open(command.run, "caption", Config)
    captioner, _ = pipeline.load(run, without_cudnn=True)

    def search(image, beam):
        return captioner.describe(captioner.inputs(captioner.images(image)), beam)

    paths = sorted((run.path / "examples").iterdir())
    examples = [encoded(path, FORMATS[n % 4]) for n, path in enumerate(paths)]
    beam = run.config.decoding
    folder = export_search(captioner, search, beam, "image", "caption", examples, command.out)
    print(f"{len(examples)} pictures give the same answers in a fresh process, by both loaders")
    print(folder)


def encoded(path, kind) -> bytes:
    """A picture file again as JPEG, PNG, GIF or BMP."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(read_picture_file(path)).save(file, kind)
    return file.getvalue()


if __name__ == "__main__":
    run_main(main)
