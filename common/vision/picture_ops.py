"""Decoding, resizing and augmentation of pictures by TensorFlow operations, for exports."""

import tensorflow as tf

from .read_picture import MOST_PIXELS


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

    Gives the same as `common.vision.read_picture`, except that EXIF rotation is not applied and
    transparent pixels of a GIF are black. More than 50 million pixels, a BMP with a palette, and
    other formats are errors of the graph.
    """
    width, height = pixel_size(content)
    few = tf.cast(width, tf.int64) * tf.cast(height, tf.int64) <= MOST_PIXELS
    checks = [tf.debugging.Assert(few, ["the picture has too many pixels:", width, height])]
    bits = tf.strings.substr(content + 29 * b"\x00", 28, 1)  # bits per pixel of a BMP
    colors = (bits == b"\x18") | (bits == b"\x20") | ~_starts(content, b"BM")
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

    def other():
        return tf.io.decode_image(content, channels=3, expand_animations=False)

    image = tf.case([(tf.io.is_jpeg(content), jpeg), (_starts(content, b"\x89PNG"), png)], other)
    return tf.ensure_shape(image, [None, None, 3])


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

    def unknown():  # the decoder reports the error
        return tf.constant(0), tf.constant(0)

    long = tf.strings.length(content) > 26
    return tf.case(
        [
            (tf.io.is_jpeg(content), jpeg),
            (long & _starts(content, b"\x89PNG"), png),
            (long & _starts(content, b"GIF8"), gif),
            (long & _starts(content, b"BM"), bmp),
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
