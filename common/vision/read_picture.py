"""Robust reading of user pictures: unusual files are converted, bad files refused with a reason."""

import io
import warnings

import numpy as np

from ..errors import UserError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")
MOST_PIXELS = 50_000_000


def read_picture(content: bytes, name="picture") -> np.ndarray:
    """Decodes a picture to uint8 `[height, width, 3]`, upright, on white, the first frame only.

    The format is detected from the header, not from the name; EXIF rotation is applied; 16 bits per
    channel become 8, CMYK and palettes become RGB, transparency becomes white.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        UserError: the content is empty, truncated, not a picture, or has more than 50 million
            pixels according to its header, which is checked before decoding.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not content:
        raise UserError(f"{name} is empty: give a picture file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about sizes that are refused below
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise Image.DecompressionBombError
            picture.load()
            return _rgb(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        raise UserError(f"{name} is not a picture: give JPEG, PNG, GIF, BMP or WebP") from None
    except Image.DecompressionBombError:  # Pillow raises it, too, above 179 million
        raise UserError(
            f"{name} has more than {MOST_PIXELS:,} pixels: scale it down first"
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
        raise UserError(f"{name} is damaged or truncated ({error}): save it again") from None


def _rgb(picture):
    from PIL import Image

    if picture.mode.startswith("I"):  # 16-bit grey, which Pillow would clip at 255
        grey = np.asarray(picture).astype(np.int64)
        picture = Image.fromarray((grey >> 8).clip(0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture.convert("RGB"))


def read_picture_file(path) -> np.ndarray:
    """`read_picture` of a file.

    Raises:
        UserError: as in `read_picture`, or the file cannot be read; the message has the path.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise UserError(f"there is no picture {path}: check the path") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:  # a zero byte in a name
        raise UserError(f"{path!r} is not a valid file name: check the path") from None
    return read_picture(content, str(path))
