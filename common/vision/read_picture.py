"""Picture files of people's own, read whatever is odd about them, or refused with a reason."""

import io
import warnings

import numpy as np

from ..errors import UserError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")
MOST_PIXELS = 50_000_000


def read_picture(content: bytes, name="picture") -> np.ndarray:
    """An encoded picture -> uint8 `[height, width, 3]`, upright, on white, its first frame.

    The file's own header says what it is, not its name; EXIF rotation is applied; 16 bits a channel
    become 8, CMYK and palettes RGB, what is transparent white.

    Errors: UserError for what is empty, cut off, no picture, or has over 50 million pixels, which
    is seen in its header, before anything is decoded.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not content:
        raise UserError(f"{name} is empty: give a picture file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes that are refused below
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise Image.DecompressionBombError
            picture.load()
            return _rgb(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        raise UserError(f"{name} is no picture: give JPEG, PNG, GIF, BMP or WebP") from None
    except Image.DecompressionBombError:  # Pillow raises it, too, from 179 million on
        raise UserError(
            f"{name} has more than {MOST_PIXELS:,} pixels: scale it down first"
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
        raise UserError(f"{name} is damaged or cut off ({error}): save it again") from None


def _rgb(picture):
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        grey = np.asarray(picture).astype(np.int64)
        picture = Image.fromarray((grey >> 8).clip(0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture.convert("RGB"))


def read_picture_file(path) -> np.ndarray:
    """`read_picture` of a file. Errors: UserError, with the path in it."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise UserError(f"there is no picture {path}: check the name") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:  # a zero byte in a name
        raise UserError(f"{path!r} is no name of a file") from None
    return read_picture(content, str(path))
