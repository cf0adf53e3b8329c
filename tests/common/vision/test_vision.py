"""Pictures: unusual and damaged files, decoding in the graph, augmentation, encoders, store."""

import io
import pickle
import struct
import zlib
from collections import OrderedDict

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from common.errors import UserError
from common.vision import efficientnet
from common.vision.array_store import ArrayStore
from common.vision.encoders import picture_encoder
from common.vision.picture_ops import decode, first_frame, pixel_size, random_changes, resize
from common.vision.read_picture import read_picture, read_picture_file
from common.vision.torch_weights import MAGIC, read_tensors

RANDOM = np.random.default_rng(0)
SMOOTH = np.linspace(0, 255, 40 * 30 * 3).reshape(40, 30, 3).astype(np.uint8)
NOISE = RANDOM.integers(0, 256, (40, 30, 3), dtype=np.uint8)


def encoded(picture, kind, **options):
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


# Reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_formats(kind):
    image = read_picture(encoded(SMOOTH, kind))
    assert image.shape == (40, 30, 3) and image.dtype == np.uint8
    assert np.abs(image.astype(int) - SMOOTH).mean() < 8


def test_odd_modes_become_rgb_on_white():
    red = Image.new("RGB", (8, 8), (200, 30, 30))
    cmyk = read_picture(encoded(red.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(cmyk.astype(int) - (200, 30, 30)).max() < 8
    deep = (SMOOTH[..., 0].astype(np.uint16) << 8) + 77
    np.testing.assert_array_equal(read_picture(encoded(deep, "PNG"))[..., 1], SMOOTH[..., 0])
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    clear.putpixel((1, 2), (10, 20, 30, 255))
    image = read_picture(encoded(clear, "PNG"))
    assert (image[0, 0] == 255).all() and (image[2, 1] == (10, 20, 30)).all()
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 50, 60, 70])
    palette.putpixel((3, 0), 0)
    image = read_picture(encoded(palette, "PNG", transparency=0))
    assert (image[0, 3] == 255).all() and (image[3, 3] == (50, 60, 70)).all()
    one_bit = Image.new("1", (3, 3), 1)
    assert (read_picture(encoded(one_bit, "PNG")) == 255).all()


def test_first_frame_and_rotation():
    frames = [Image.new("RGB", (6, 6), c) for c in ("red", "blue")]
    film = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (read_picture(film)[0, 0] == (255, 0, 0)).all()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right
    image = read_picture(encoded(SMOOTH, "JPEG", exif=exif))
    assert image.shape == (30, 40, 3)
    assert image[0, 0].mean() > image[0, -1].mean()  # the lower left corner has come up


def png_header(width, height):
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"\0\0\0\0IEND\xaeB`\x82"
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + struct.pack(">I", zlib.crc32(body)) + end


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a text file called .jpg\n" * 9, "not a picture"),
        (encoded(SMOOTH, "JPEG")[:400], "damaged or truncated"),
        (encoded(NOISE, "PNG")[:1500], "damaged or truncated"),
        (encoded(NOISE, "GIF")[:1500], "damaged or truncated"),
        (encoded(SMOOTH, "PNG")[:20], "not a picture|damaged"),
        (png_header(20_000, 20_000), "more than 50,000,000 pixels"),
        (png_header(9_000, 9_000), "more than 50,000,000 pixels"),
    ],
)
def test_what_cannot_be_read_says_why(content, said):
    with pytest.raises(UserError, match=said) as raised:
        read_picture(content, "x.jpg")
    assert "x.jpg" in str(raised.value) and "\n" not in str(raised.value)


def test_files(tmp_path):
    with pytest.raises(UserError, match="no picture .*nowhere"):
        read_picture_file(tmp_path / "nowhere.png")
    with pytest.raises(UserError, match="cannot read"):
        read_picture_file(tmp_path)
    with pytest.raises(UserError, match="not a valid file name"):
        read_picture_file("a\0b")


# In the graph ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP"])
def test_graph_decodes_as_reading_does(kind):
    content = encoded(RANDOM.integers(0, 256, (37, 51, 3), dtype=np.uint8), kind)
    found = tf.function(decode)(tf.constant(content)).numpy()
    np.testing.assert_array_equal(found, read_picture(content))
    width, height = tf.function(pixel_size)(tf.constant(content))
    assert (int(width), int(height)) == (51, 37)


def test_graph_decodes_16_bits_and_cmyk():
    deep = (SMOOTH[..., 0].astype(np.uint16) << 8) + 77
    cmyk = Image.new("RGB", (16, 16), (200, 30, 30)).convert("CMYK")
    for content in (encoded(deep, "PNG"), encoded(cmyk, "JPEG", quality=95)):
        found = decode(tf.constant(content)).numpy().astype(int)
        assert np.abs(found - read_picture(content)).max() <= 4


def test_graph_puts_transparent_on_white():
    clear = Image.new("RGBA", (5, 4), (10, 20, 30, 128))
    content = encoded(clear, "PNG")
    difference = decode(tf.constant(content)).numpy().astype(int) - read_picture(content)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("colors", [2, 4, 16, 200])
@pytest.mark.parametrize("clear", [None, 0, 1])
def test_graph_decodes_pictures_of_few_colors(colors, clear):
    """PNGs of less than 8 bits per pixel, with and without a transparent colour."""
    few = Image.fromarray(SMOOTH).quantize(colors)
    content = encoded(few, "PNG", **({} if clear is None else {"transparency": clear}))
    assert content[24] == {2: 1, 4: 2, 16: 4, 200: 8}[colors]
    np.testing.assert_array_equal(decode(tf.constant(content)), read_picture(content))
    gray = encoded(Image.fromarray(SMOOTH[..., 0]).convert("1"), "PNG")
    np.testing.assert_array_equal(decode(tf.constant(gray)), read_picture(gray))


def test_graph_refuses_by_size_and_kind():
    run = tf.function(decode)
    with pytest.raises(tf.errors.InvalidArgumentError, match="24 or 32 bits"):
        run(tf.constant(encoded(Image.fromarray(SMOOTH).quantize(16), "BMP")))
    with pytest.raises(tf.errors.InvalidArgumentError, match="too many pixels"):
        run(tf.constant(png_header(20_000, 20_000)))
    for wrong in (b"", b"text", encoded(SMOOTH, "PNG")[:100]):
        with pytest.raises(tf.errors.OpError):
            run(tf.constant(wrong))


def test_graph_refuses_what_it_cannot_measure():
    """WebP has a decoder in TensorFlow, but no size that is known before it decodes."""
    run = tf.function(decode)
    webp = encoded(SMOOTH, "WEBP")
    assert tf.io.decode_image(webp).shape[-3:] == (40, 30, 3)
    for wrong in (webp, b"", b"text", encoded(Image.fromarray(SMOOTH), "TIFF")):
        with pytest.raises(tf.errors.InvalidArgumentError, match="give JPEG, PNG, GIF or BMP"):
            decode(tf.constant(wrong))
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(tf.constant(wrong))
    negative = bytearray(encoded(SMOOTH, "BMP"))
    negative[18:22] = struct.pack("<i", -(2**31))  # times a height it is below any limit
    with pytest.raises(tf.errors.InvalidArgumentError, match="no size|damaged"):
        decode(tf.constant(bytes(negative)))


def film(count, **options):
    frames = [
        Image.fromarray(np.random.default_rng(n).integers(0, 256, (37, 51, 3), dtype=np.uint8))
        for n in range(count)
    ]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("options", [{}, {"comment": b"x" * 700}, {"loop": 0, "duration": 40}])
def test_graph_decodes_one_frame_of_a_gif(options):
    single, many = film(1, **options), film(30, **options)
    cut = first_frame(tf.constant(many)).numpy()
    assert cut == many[: len(cut) - 1] + b"\x3b" and len(cut) < len(many) / 20
    found = tf.function(decode)(tf.constant(many)).numpy()
    np.testing.assert_array_equal(found, read_picture(many))
    np.testing.assert_array_equal(found, decode(tf.constant(single)))
    assert first_frame(tf.constant(single)).numpy() == single


def test_later_frames_of_a_gif_cost_nothing():
    """A file of 5 MB that would unpack to 100,000 frames of 6 million bytes each."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 2000, 1000, 0x80, 0, 0) + bytes(6)
    image = encoded(Image.new("P", (2000, 1000)), "GIF")
    data = image[image.index(b"\x2c") :][:-1]
    bomb = screen + data + 100_000 * (b"\x2c" + data[1:9] + b"\0\2\1\5\0") + b"\x3b"
    assert tf.function(decode)(tf.constant(bomb)).shape == (1000, 2000, 3)


def gif(frame):
    return b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + bytes(6) + frame + b"\x3b"


def test_odd_gifs_are_errors():
    run = tf.function(decode)
    huge = b"\x2c" + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\2\1\5\0"
    with pytest.raises(tf.errors.InvalidArgumentError, match="too many pixels"):
        run(tf.constant(gif(huge)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="too many blocks"):
        run(tf.constant(gif(b"\x21\xfe" + 30_000 * b"\1x")))
    for wrong in (gif(b""), gif(b"\x21"), gif(b"\x21\xfe\5"), gif(b"\x07" + huge)):
        with pytest.raises(tf.errors.OpError):
            run(tf.constant(wrong))


def test_resize():
    flat = tf.fill([500, 300, 3], tf.constant(77, tf.uint8))
    assert (resize(flat, 32).numpy() == 77).all()
    assert resize(tf.constant(SMOOTH[:1, :1]), 32).shape == (32, 32, 3)
    same = RANDOM.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(tf.constant(same), 32), same)
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::2] = 255
    assert np.abs(resize(tf.constant(stripes), 32).numpy()[4:-4].astype(int) - 127).max() < 20


def test_random_changes():
    images = tf.constant(RANDOM.uniform(0, 255, (3, 16, 16, 3)), tf.float32)
    same = random_changes(images, [1, 2])
    np.testing.assert_allclose(same, images, atol=1e-3)
    options = {"shift": 0.1, "zoom": 0.2, "turn": 0.3, "light": 0.2, "flip": True}
    one, again = (random_changes(images, [1, 2], **options) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(random_changes(images, [1, 3], **options) - one).max() > 1
    assert one.numpy().min() >= 0 and one.numpy().max() <= 255
    mirrored = random_changes(tf.tile(images[:1], [64, 1, 1, 1]), [5, 5], flip=True).numpy()
    kept = np.abs(mirrored - images[0]).max((1, 2, 3)) < 1e-2
    turned = np.abs(mirrored - images[0, :, ::-1]).max((1, 2, 3)) < 1e-2
    assert (kept ^ turned).all() and 16 < kept.sum() < 48


# Encoders ----------------------------------------------------------------------------------------


def test_cnn_cells_keep_their_place():
    tf.keras.utils.set_random_seed(0)
    encoder = picture_encoder("cnn", 96, widths=(8, 8, 16, 24))
    images = np.full((2, 96, 96, 3), 128, np.float32)
    assert encoder(images).shape == (2, 144, 24)
    images[1, :4, -4:] = 255  # the upper right corner
    cells = encoder(images).numpy()
    changed = np.abs(cells[1] - cells[0]).max(-1).reshape(12, 12)
    assert changed[0, -1] > 0.01 and changed[6:].max() < 1e-6 and changed[:, :6].max() < 1e-6


def test_unknown_encoder_and_size():
    with pytest.raises(UserError, match="unknown encoder 'resnet'.*MobileNetV2"):
        picture_encoder("resnet", 64)
    with pytest.raises(UserError, match="16 pixels are too small"):
        picture_encoder("cnn", 16)


def test_keras_application_without_weights():
    encoder = picture_encoder("MobileNetV2", 32, pretrained=False)
    assert encoder(np.zeros((1, 32, 32, 3), np.float32)).shape == (1, 1, 1280)


def stored_tensors(path, tensors, alien=None):
    """Writes a file in PyTorch's old format."""

    class Name:
        """Pickled under a name of torch."""

        def __init__(self, module, name):
            self.module, self.name = module, name

    class Writer(pickle._Pickler):
        def save(self, value, *options):
            if isinstance(value, Name):
                self.write(f"c{value.module}\n{value.name}\n".encode())
            else:
                super().save(value, *options)

    file = io.BytesIO()
    for part in (MAGIC, 1001, {}):
        pickle.dump(part, file, 2)
    writer = Writer(file, 2)
    writer.write(pickle.PROTO + b"\x02")
    writer.save(OrderedDict())
    writer.write(pickle.MARK)
    values = {}
    for number, (name, array) in enumerate(tensors.items()):
        writer.save(name)
        writer.save(Name(*(alien or ("torch._utils", "_rebuild_tensor_v2"))))
        writer.write(pickle.MARK)
        kind = "LongStorage" if array.dtype == np.int64 else "FloatStorage"
        writer.write(pickle.MARK)
        for part in ("storage", Name("torch", kind), str(number), "cpu", array.size, None):
            writer.save(part)
        writer.write(pickle.TUPLE + pickle.BINPERSID)
        steps = tuple(s // array.itemsize for s in array.strides)
        for part in (0, array.shape, steps, False, OrderedDict()):
            writer.save(part)
        writer.write(pickle.TUPLE + pickle.REDUCE)
        values[str(number)] = array
    writer.write(pickle.SETITEMS + pickle.STOP)
    pickle.dump(list(values), file, 2)
    for array in values.values():
        file.write(struct.pack("<q", array.size) + array.tobytes())
    path.write_bytes(file.getvalue())
    return path


def test_torch_weights(tmp_path):
    tensors = {
        "a.weight": RANDOM.normal(size=(2, 3, 4)).astype(np.float32),
        "count": np.array([7], np.int64),
    }
    found = read_tensors(stored_tensors(tmp_path / "w.pth", tensors))
    assert list(found) == list(tensors)
    for name, value in tensors.items():
        np.testing.assert_array_equal(found[name], value)
    whole = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[:-3])
    with pytest.raises(UserError, match="cut.pth"):
        read_tensors(tmp_path / "cut.pth")


def test_torch_weights_run_no_code(tmp_path):
    file = stored_tensors(tmp_path / "evil.pth", {"a": np.zeros(2, np.float32)}, ("os", "system"))
    with pytest.raises(UserError, match="os.system is not a tensor"):
        read_tensors(file)


def test_efficientnet_takes_weights_in_order():
    """Random weights in PyTorch's layout, compared with layers computed directly from them."""
    model = efficientnet.efficientnet_lite0(32, pretrained=False)
    tensors = {}
    for variable in model.variables:
        value = RANDOM.uniform(0.5, 1, variable.shape).astype(np.float32)
        if "depthwise" in variable.path and value.ndim == 4:
            value = value.transpose(2, 3, 0, 1)
        elif value.ndim == 4:
            value = value.transpose(3, 2, 0, 1)
        tensors[variable.path] = value
        if "moving_variance" in variable.path:
            tensors[variable.path + ".num_batches_tracked"] = np.zeros(1)
    efficientnet.assign_weights(model, tensors | {"_fc.weight": np.zeros((1000, 1280))})
    stem = next(v for v in model.variables if v.path == "stem_convolution/kernel")
    stored = tensors["stem_convolution/kernel"]  # [out, in, h, w]
    np.testing.assert_array_equal(stem[1, 2, 0, 5], stored[5, 0, 1, 2])
    depth = next(v for v in model.variables if v.path == "block_2_1_depthwise/kernel")
    np.testing.assert_array_equal(
        depth[2, 0, 9, 0], tensors["block_2_1_depthwise/kernel"][9, 0, 2, 0]
    )
    assert model(np.zeros((1, 32, 32, 3), np.float32)).shape == (1, 1, 1280)
    assert model.count_params() == 3_413_024  # 4.69 M with the classifier of the paper


# Store -------------------------------------------------------------------------------------------


def test_store_makes_each_row_once(tmp_path):
    asked = []

    def make(positions):
        asked.append(positions)
        return [None if n == 2 else np.full(3, n, np.float32) for n in positions]

    store = ArrayStore(tmp_path, (3,), np.float16)
    rows = store.rows(["a", "b", "bad", "a", ""], make)
    assert rows.tolist() == [0, 1, -1, 0, -1] and asked == [[0, 1, 2]]
    np.testing.assert_array_equal(store.array(), [[0] * 3, [1] * 3])
    other = ArrayStore(tmp_path, (3,), np.float16)
    assert other.rows(["b", "c"], make).tolist() == [1, 2] and asked[1:] == [[1]]
    assert other.array()[2].tolist() == [1] * 3


def test_store_survives_a_death_while_writing(tmp_path):
    def make(positions):
        return [np.full(2, n + 1, np.float32) for n in positions]

    store = ArrayStore(tmp_path, (2,), np.float32)
    store.rows(["a"], make)
    with open(tmp_path / "rows.bin", "ab") as file:
        file.write(b"12345")
    with open(tmp_path / "keys.txt", "a") as file:
        file.write("cut-sho")
    assert store.rows(["a", "b"], make).tolist() == [0, 1]
    np.testing.assert_array_equal(store.array(), [[1, 1], [2, 2]])
    (tmp_path / "rows.bin").write_bytes(b"1234")
    with pytest.raises(UserError, match="damaged: remove"):
        store.array()
