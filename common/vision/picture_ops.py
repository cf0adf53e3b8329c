"""Decoding, resizing and augmentation of pictures by TensorFlow operations, for exports."""

import tensorflow as tf

from .read_picture import MOST_PIXELS

STARTS = PNG, GIF, BMP = b"\x89PNG", b"GIF8", b"BM"
MOST_BLOCKS = 20_000  # of a GIF that are walked one by one; those of full length count as 1 / 64


def resize(image, size):
    """Resizes uint8 `[height, width, 3]` to `[size, size, 3]`, bilinear with antialiasing.

    The aspect ratio changes, nothing is cropped. A picture that has this size is unchanged.
    """
    shape = tf.shape(image)
    known = image.shape[0] == image.shape[1] == size
    if known:
        return image

    def resized():
        scaled = tf.image.resize(image, [size, size], antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(scaled), 0, 255), tf.uint8)

    same = tf.reduce_all(shape[:2] == size)
    return tf.ensure_shape(tf.cond(same, lambda: image, resized), [size, size, 3])


def decode(content):
    """Decodes a picture (scalar string: JPEG, PNG, GIF, BMP) to uint8 `[height, width, 3]`.

    As common.vision.read_picture gives it, but that EXIF rotation is not applied and what is
    transparent in a GIF is black. More than 50 million pixels, a BMP with a palette, or anything
    else, WebP included, is an error of the graph. Of a GIF only the first frame is decoded.
    """
    known = tf.reduce_any([tf.io.is_jpeg(content), *(_starts(content, start) for start in STARTS)])
    checks = [tf.debugging.Assert(known, ["this is no picture: give JPEG, PNG, GIF or BMP"])]
    with tf.control_dependencies(checks):
        content = tf.identity(content)
    width, height = pixel_size(content)
    few = tf.cast(width, tf.int64) * tf.cast(height, tf.int64) <= MOST_PIXELS
    checks = [
        tf.debugging.Assert(few, ["the picture has too many pixels:", width, height]),
        tf.debugging.Assert((width > 0) & (height > 0), ["the picture is damaged: no size"]),
    ]
    bits = tf.strings.substr(content + 29 * b"\x00", 28, 1)  # a pixel of a BMP
    colors = (bits == b"\x18") | (bits == b"\x20") | ~_starts(content, BMP)
    checks.append(tf.debugging.Assert(colors, ["a BMP must have 24 or 32 bits a pixel"]))
    with tf.control_dependencies(checks):
        content = tf.identity(content)

    def jpeg():  # Pillow uses the exact transform, too
        return tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")

    def png():
        pixels = tf.cast(tf.io.decode_png(content, channels=4), tf.float32)
        color, alpha = pixels[..., :3], pixels[..., 3:]
        # Without an alpha channel the decoder fills in the largest number of the file's bit depth,
        # which may be below the 8 bits of the output.
        bits = tf.io.decode_raw(tf.strings.substr(content, 24, 1), tf.uint8)[0]
        filler = tf.cast(2 ** tf.minimum(tf.cast(bits, tf.int32), 8) - 1, tf.float32)
        alpha = tf.where(tf.reduce_all(alpha == filler), 1.0, alpha / 255)
        return tf.cast(tf.round(color * alpha + 255 * (1 - alpha)), tf.uint8)  # on white

    def gif():
        return tf.io.decode_image(first_frame(content), channels=3, expand_animations=False)

    def bmp():
        return tf.io.decode_image(content, channels=3, expand_animations=False)

    image = tf.case(
        [
            (tf.io.is_jpeg(content), jpeg),
            (_starts(content, PNG), png),
            (_starts(content, GIF), gif),
        ],
        bmp,
    )
    return tf.ensure_shape(image, [None, None, 3])


def first_frame(content):
    """A GIF (scalar string) cut off after its first frame: decoders unpack all frames.

    A frame of too many pixels, whatever the whole picture's size, and one of more blocks of data
    than a writer of GIF makes are errors of the graph.
    """
    raw = tf.io.decode_raw(content, tf.uint8)
    size = tf.size(raw)

    def at(place):
        return tf.cast(raw[tf.clip_by_value(place, 0, size - 1)], tf.int32)

    def table(flags):  # bytes of a table of colours
        return tf.where(flags >= 128, 3 * 2 ** (flags % 8 + 1), 0)

    def further(place, inside, image, pixels, ended):
        """One block on: an extension or image begins, or is continued by blocks of 255 bytes."""
        kind, begins = at(place), ~inside & (at(place) == 0x2C)
        ahead = place + 256 * tf.range(64)
        full = (tf.gather(raw, tf.minimum(ahead, size - 1)) == 255) & (ahead < size)
        full = tf.reduce_sum(tf.math.cumprod(tf.cast(full, tf.int32)))
        data = tf.where(full > 0, 256 * full, 1 + kind)
        head = tf.where(begins, 11 + table(at(place + 9)), 2)
        sides = [at(place + n) + 256 * at(place + n + 1) for n in (5, 7)]
        drawn = tf.cast(sides[0], tf.int64) * tf.cast(sides[1], tf.int64)
        stop = tf.where(inside, image & (kind == 0), ~begins & (kind != 0x21))
        return (
            place + tf.where(inside, data, head),
            ~inside | (kind != 0),
            image | begins,
            tf.where(begins, drawn, pixels),
            stop,
        )

    no = tf.constant(False)
    place, *_, pixels, ended = tf.while_loop(
        lambda place, *state: (place < size) & ~state[-1],
        further,
        (13 + table(at(10)), no, no, tf.constant(0, tf.int64), no),
        maximum_iterations=MOST_BLOCKS,
    )
    checks = [
        tf.debugging.Assert(pixels <= MOST_PIXELS, ["the picture has too many pixels:", pixels]),
        tf.debugging.Assert(ended | (place >= size), ["the GIF has too many blocks of data"]),
    ]
    with tf.control_dependencies(checks):
        return tf.strings.substr(content, 0, place) + b"\x3b"


def pixel_size(content):
    """(width, height) from the header of an encoded picture, int32, without decoding it.

    (0, 0) for an unknown format.
    """

    def little(start, count, kind):
        raw = tf.strings.substr(content, start, count)
        return tf.cast(tf.io.decode_raw(raw, kind)[0], tf.int32)

    def jpeg():
        shape = tf.image.extract_jpeg_shape(content)
        return shape[1], shape[0]

    def png():
        raw = tf.io.decode_raw(tf.strings.substr(content, 16, 8), tf.int32, little_endian=False)
        return raw[0], raw[1]

    def gif():
        return little(6, 2, tf.uint16), little(8, 2, tf.uint16)

    def bmp():
        return little(18, 4, tf.int32), tf.abs(little(22, 4, tf.int32))

    def unknown():
        return tf.constant(0), tf.constant(0)

    long = tf.strings.length(content) > 26
    return tf.case(
        [
            (tf.io.is_jpeg(content), jpeg),
            (long & _starts(content, PNG), png),
            (long & _starts(content, GIF), gif),
            (long & _starts(content, BMP), bmp),
        ],
        unknown,
    )


def _starts(content, bytes_):
    return tf.equal(tf.strings.substr(content, 0, len(bytes_)), bytes_)


def random_changes(images, seed, *, shift=0.0, zoom=0.0, turn=0.0, light=0.0, flip=False):
    """Augments pictures, floats `[batch, height, width, 3]`, each with its own random changes.

    Args:
        images: 0 to 255.
        seed: int32 `[2]`, as for `tf.random.stateless_uniform`.
        shift: largest shift, as a share of width and height.
        zoom: the scale is at most 1 +- zoom.
        turn: largest rotation in radians.
        light: brightness and contrast change at most by the factor 1 +- light.
        flip: mirror left to right with probability 1/2.

    Returns:
        Floats of the same shape, 0 to 255.
    """
    batch, height, width = tf.unstack(tf.cast(tf.shape(images)[:3], tf.float32))
    draw = tf.random.stateless_uniform([7, tf.shape(images)[0]], seed, -1.0, 1.0)
    x, y, scale, angle, brightness, contrast, side = tf.unstack(draw)
    scale, angle = 1 + zoom * scale, turn * angle
    cos, sin = scale * tf.cos(angle), scale * tf.sin(angle)
    mirror = tf.where(side < 0, -1.0, 1.0) if flip else tf.ones_like(side)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    # The source position of each pixel: rotation and zoom about the centre, then a shift.
    a, b, c, d = mirror * cos, -sin, mirror * sin, cos
    from_x = middle_x - a * middle_x - b * middle_y + x * shift * width
    from_y = middle_y - c * middle_x - d * middle_y + y * shift * height
    zero = tf.zeros_like(x)
    images = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, from_x, c, d, from_y, zero, zero], 1),
        output_shape=tf.shape(images)[1:3],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    if light:
        factor = (1 + light * contrast)[:, None, None, None]
        images = (images - 128) * factor + 128 * (1 + light * brightness)[:, None, None, None]
    return tf.clip_by_value(images, 0.0, 255.0)
