"""Draws and keeps pictures of a captioning run: examples, a grid of captions, attention sheets."""

import textwrap
from pathlib import Path

import numpy as np

from common import files
from common.analysis import plots
from common.analysis.fonts import font_families
from common.vision import read_picture

EXAMPLES = 8
SUFFIXES = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"GIF8": ".gif", b"BM": ".bmp"}


def keep_examples(run_path, inputs):
    """Copies a few validation pictures to RUN/examples/ and lists them in RUN/examples.txt."""
    folder = Path(run_path) / "examples"
    folder.mkdir(exist_ok=True)
    names = []
    step = max(1, len(inputs.pictures) // EXAMPLES)
    for number, picture in enumerate(inputs.pictures[::step][:EXAMPLES]):
        content = picture.read()
        suffix = [end for start, end in SUFFIXES.items() if content.startswith(start)] or [".webp"]
        path = folder / f"{number}{suffix[0]}"
        with files.atomic(path, "wb") as file:
            file.write(content)
        names.append(f"{path}\n")
    with files.atomic(Path(run_path) / "examples.txt") as file:
        file.writelines(names)


def grid(path, pictures, captions, most=24):
    """Draws every n-th picture, `most` in all, six in a row, with captions below."""
    from matplotlib.figure import Figure

    step = -(-len(pictures) // most)
    chosen = list(zip(pictures, captions, strict=True))[::step]
    rows = -(-len(chosen) // 6)
    figure = Figure(figsize=(12, 2.5 * rows), layout="constrained")
    fonts, _ = font_families("".join(captions))
    for number, (picture, caption) in enumerate(chosen, 1):
        axes = figure.add_subplot(rows, 6, number)
        axes.imshow(read_picture(picture.read(), picture.name))
        axes.set_axis_off()
        text = "\n".join(textwrap.wrap(caption, 24 if caption.isascii() else 12))
        title = axes.set_title(text, fontsize=9, y=0, va="top", pad=-2)
        title.set(family=fonts, parse_math=False)
    plots.save_figure(figure, path)


def attention_sheet(path, image, weights, words) -> list[str]:
    """Draws a picture once for each word, bright where the decoder attended when writing the word.

    The title of each is the word with its largest weight.

    Args:
        image: uint8 `[height, width, 3]`. weights: `[words, cells]`, the cells those of a square.

    Returns: warnings about characters that no installed font shows.
    """
    from matplotlib.figure import Figure
    from PIL import Image

    columns = min(6, len(words) + 1)
    rows = -(-(len(words) + 1) // columns)
    figure = Figure(figsize=(2 * columns, 2.3 * rows), layout="constrained")
    fonts, missing = font_families("".join(words))
    side = round(weights.shape[1] ** 0.5)
    for number, word in enumerate(["", *words]):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.set_axis_off()
        if not number:
            axes.imshow(image)
            continue
        place = weights[number - 1].reshape(side, side)
        light = Image.fromarray(place / max(place.max(), 1e-9)).resize(image.shape[1::-1], 3)
        axes.imshow(image / 255 * (0.15 + 0.85 * np.clip(light, 0, 1)[..., None]))
        title = axes.set_title(f"{word}  {place.max():.2f}", fontsize=10)
        title.set(family=fonts, parse_math=False)
    plots.save_figure(figure, path)
    return [f"no installed font shows {missing}: install e.g. fonts-noto-cjk"] if missing else []
