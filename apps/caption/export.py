"""Exports a run as a SavedModel, picture to text: python -m apps.caption.export RUN --out DIR."""

from apps.caption.config import Config
from common import commands
from common.errors import run_main
from common.vision import read_picture_file

FORMATS = ("PNG", "JPEG", "GIF", "BMP")


def main():
    run, out = commands.exporting("caption", Config, __doc__)
    from apps.caption import pipeline
    from common.serving import export_search

    captioner, _ = pipeline.load(run, without_cudnn=True)

    def search(image, beam):
        return captioner.describe(captioner.inputs(captioner.images(image)), beam)

    paths = sorted((run.path / "examples").iterdir())
    examples = [encoded(path, FORMATS[n % 4]) for n, path in enumerate(paths)]
    beam = run.config.decoding
    folder = export_search(captioner, search, beam, "image", "caption", examples, out)
    commands.exported(folder, examples, "pictures")


def encoded(path, kind) -> bytes:
    """A picture file converted to JPEG, PNG, GIF or BMP."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(read_picture_file(path)).save(file, kind)
    return file.getvalue()


if __name__ == "__main__":
    run_main(main)
