"""Composes docs/pictures/strip.png out of the pictures beside it: python docs/draw_strip.py"""

from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).resolve().parent / "pictures"
ROWS = 3  # of the four rows of captions


def scaled(picture, width):
    return picture.resize((width, round(picture.height * width / picture.width)), Image.LANCZOS)


def main():
    attention, captions, chorale = (
        Image.open(PICTURES / f"{name}.png").convert("RGB")
        for name in ("attention", "captions", "chorale")
    )
    captions = captions.crop((0, 0, captions.width, captions.height * ROWS // 4 - 8))
    right = scaled(captions, 700), scaled(chorale, 700)
    left = scaled(attention, 640)
    height = max(left.height, sum(picture.height for picture in right) + 30)
    strip = Image.new("RGB", (1360, height), "white")
    strip.paste(left, (0, (height - left.height) // 2))
    strip.paste(right[0], (660, 0))
    strip.paste(right[1], (660, height - right[1].height))
    strip.save(PICTURES / "strip.png", optimize=True)


if __name__ == "__main__":
    main()
