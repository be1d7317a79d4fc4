"""Images of every format and mode arrive as upright RGB, and pixels leave as Keras itself would prepare them."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import images
from core.errors import ConfigError, DatasetError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def halves(left=RED, right=BLUE, size=(60, 40)) -> Image.Image:
    """Left half of one colour, right half of another."""
    image = Image.new("RGB", size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


def framed(kind: bytes, content: bytes, *, damage: int = 0) -> bytes:
    """A chunk of a PNG; its checksum is off by `damage`."""
    checksum = zlib.crc32(kind + content) ^ damage
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def chunked(header: bytes, data: bytes) -> bytes:
    """A PNG of a header and compressed rows."""
    return b"\x89PNG\r\n\x1a\n" + framed(b"IHDR", header) + framed(b"IDAT", data) + framed(b"IEND", b"")


def close(pixel: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.all(np.abs(pixel.astype(int) - colour) <= tolerance))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_every_format_gives_its_colours_as_rgb(kind):
    pixels = images.decode(encoded(halves(), kind))
    assert pixels.shape == (40, 60, 3) and pixels.dtype == np.uint8
    assert close(pixels[20, 10], RED) and close(pixels[20, 50], BLUE)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("P", "PNG"), ("P", "GIF"), ("P", "BMP"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGB", "BMP")],
)
def test_every_colour_mode_gives_its_colours_as_rgb(mode, kind):
    pixels = images.decode(encoded(halves().convert(mode), kind))
    assert close(pixels[20, 10], RED) and close(pixels[20, 50], BLUE)


@pytest.mark.parametrize(("mode", "kind"), [("L", "JPEG"), ("L", "PNG"), ("LA", "PNG"), ("1", "PNG"), ("1", "BMP")])
def test_grey_modes_give_three_equal_channels(mode, kind):
    pixels = images.decode(encoded(halves((255,) * 3, (0, 0, 0)).convert(mode), kind))
    assert close(pixels[20, 10], WHITE) and close(pixels[20, 50], (0, 0, 0))


def test_sixteen_bits_are_scaled_and_not_clipped():
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (4, 1))
    pixels = images.decode(encoded(Image.fromarray(ramp), "PNG"))
    assert np.all(np.abs(pixels[0, :, 0].astype(int) - np.arange(256)) <= 1)


def deep(values: np.ndarray) -> bytes:
    """A PNG of 16 bits: grey, grey with transparency, RGB or RGBA, by the number of channels."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return chunked(struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0), zlib.compress(rows))


def ramp(peak: int, channels: int) -> np.ndarray:
    """256 columns from 0 to the peak; opaque."""
    values = np.tile(np.linspace(0, peak, 256).astype(np.uint16)[None, :, None], (4, 1, channels))
    if channels in (2, 4):
        values[..., -1] = 65_535
    return values


@pytest.mark.parametrize("channels", [1, 2, 3, 4], ids=["grey", "grey with transparency", "RGB", "RGBA"])
@pytest.mark.parametrize("peak", [255, 1023, 4095, 16383, 65535])
def test_the_bits_that_a_16_bit_image_uses_are_scaled_to_8(peak, channels):
    pixels = images.decode(deep(ramp(peak, channels)))
    assert pixels.shape == (4, 256, 3)
    assert np.abs(pixels.astype(int) - np.arange(256)[None, :, None]).max() <= 1


def test_images_that_belong_together_keep_their_brightness():
    dark = deep(ramp(1000, 1))
    assert images.peak(dark) == 1000
    assert images.decode(dark).max() == 1000 * 255 // 1023
    assert images.decode(dark, white=4095).max() == 1000 * 255 // 4095


def test_colours_of_a_12_bit_image_keep_their_transparency_and_orientation():
    values = np.zeros((40, 60, 4), np.uint16)
    values[:, :30], values[:, 30:] = (4095, 0, 0, 65_535), (0, 0, 4095, 0)
    exif = Image.Exif()
    exif[0x0112] = 3
    image = encoded(halves(), "PNG", exif=exif)
    turned_exif = image[image.index(b"eXIf") - 4 :][: 12 + int.from_bytes(image[image.index(b"eXIf") - 4 :][:4], "big")]
    data = deep(values)
    pixels = images.decode(data[:33] + turned_exif + data[33:])
    assert close(pixels[20, 50], RED) and close(pixels[20, 10], WHITE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_laid_on_white(kind):
    image = halves().convert("RGBA")
    image.paste((255, 0, 0, 0), (0, 0, 30, 40))
    pixels = images.decode(encoded(image, kind, lossless=True))
    assert close(pixels[20, 10], WHITE) and close(pixels[20, 50], BLUE)


def test_half_transparent_red_is_pink():
    assert close(images.decode(encoded(Image.new("RGBA", (9, 9), (255, 0, 0, 128)), "PNG"))[4, 4], (255, 127, 127))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_is_white(kind):
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.paste(1, (10, 0, 20, 20))
    pixels = images.decode(encoded(palette, kind, transparency=0))
    assert close(pixels[10, 5], WHITE) and close(pixels[10, 15], BLUE)


def test_an_animation_gives_its_first_frame():
    data = encoded(
        Image.new("RGB", (20, 20), GREEN), "GIF", save_all=True, append_images=[Image.new("RGB", (20, 20), RED)]
    )
    assert close(images.decode(data)[10, 10], GREEN)


def turned(orientation: int) -> bytes:
    """A JPEG that is red on the left when shown as its EXIF orientation asks."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = halves() if orientation == 1 else halves().transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("enough", [None, 8])
def test_photographs_are_turned_upright(orientation, enough):
    pixels = images.decode(turned(orientation), enough=enough)
    height, width = pixels.shape[:2]
    assert width > height
    assert close(pixels[height // 2, 2], RED, 30) and close(pixels[height // 2, -2], BLUE, 30)


def test_a_large_jpeg_is_decoded_small_but_never_below_what_is_enough():
    data = encoded(halves(size=(2400, 1600)), "JPEG")
    assert images.decode(data).shape == (1600, 2400, 3)
    small = images.decode(data, enough=100)
    assert 100 <= min(small.shape[:2]) < 400
    assert close(small[50, 10], RED)


def test_a_path_is_read_as_its_bytes_are(tmp_path: Path):
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(halves(), "PNG"))
    assert np.array_equal(images.decode(path), images.decode(path.read_bytes()))
    assert np.array_equal(images.decode(str(path)), images.decode(path))


def broken() -> dict[str, tuple[bytes, str]]:
    jpeg, png = encoded(halves(size=(600, 400)), "JPEG"), encoded(halves(size=(600, 400)), "PNG")
    noise = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)), "PNG")
    return {
        "empty.jpg": (b"", "not a JPEG, PNG"),
        "text.jpg": (b"this is no photograph, only its name says so", "not a JPEG, PNG"),
        "page.png": (b"<html><body>404</body></html>", "not a JPEG, PNG"),
        "drawing.tiff": (encoded(halves(), "TIFF"), "not a JPEG, PNG"),
        "short.jpg": (jpeg[: len(jpeg) // 2], "damaged"),
        "header.png": (png[:40], "not a JPEG, PNG"),
        "short.png": (noise[: len(noise) // 2], "damaged"),
        "flipped.png": (noise[:200] + bytes(50) + noise[250:], "damaged"),
    }


@pytest.mark.parametrize("name", broken().keys())
def test_a_broken_file_is_refused_by_name(name, tmp_path: Path):
    data, reason = broken()[name]
    with pytest.raises(DatasetError, match=f"{name}: {reason}"):
        images.decode(data, name=name)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DatasetError, match=f"{name}: {reason}"):
        images.decode(tmp_path / name)


HARMLESS = {
    "much packed text": framed(b"zTXt", b"note\0\0" + zlib.compress(bytes(3_000_000))),
    "much packed international text": framed(b"iTXt", b"note\0\1\0\0\0" + zlib.compress(bytes(3_000_000))),
    "text in all": framed(b"tEXt", b"note\0" + b"x" * 900_000) * 80,
    "a bad checksum on text": framed(b"tEXt", b"a\0b", damage=1),
    "a bad checksum on transparency": framed(b"tRNS", bytes(6), damage=1),
    "a bad checksum on a date": framed(b"tIME", bytes(7), damage=1),
    "a large colour profile": framed(b"iCCP", b"icc\0\0" + zlib.compress(bytes(3_000_000))),
    "a damaged orientation": framed(b"eXIf", b"XX not TIFF"),
}


@pytest.mark.parametrize("chunk", HARMLESS.values(), ids=HARMLESS.keys())
@pytest.mark.parametrize("behind", [False, True], ids=["before the pixels", "behind them"])
def test_metadata_of_a_png_never_stands_in_the_way_of_its_pixels(chunk, behind):
    data = encoded(halves(), "PNG")
    cut = data.index(b"IEND") - 4 if behind else 33
    data = data[:cut] + chunk + data[cut:]
    assert np.array_equal(images.decode(data), np.asarray(halves()))
    assert images.measure(data).side == 40


def test_transparency_survives_beside_a_bad_text():
    image = Image.new("P", (20, 20), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    data = encoded(image, "PNG", transparency=0)
    assert close(images.decode(data[:33] + HARMLESS["a bad checksum on text"] + data[33:])[10, 10], WHITE)


def test_a_missing_file_is_an_error_to_read(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"absent.jpg"):
        images.decode(tmp_path / "absent.jpg")


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it is very large."""
    return chunked(struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0), zlib.compress(bytes(1000)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "side", [9_000, 10_000, 30_000], ids=["above ours", "where Pillow warns", "where Pillow refuses"]
)
@pytest.mark.parametrize("read", [images.decode, images.measure])
def test_a_bomb_of_pixels_is_refused_before_it_is_unpacked(read, side):
    with pytest.raises(DatasetError, match=r"bomb.png: .* pixels. Expected at most 80,000,000 pixels"):
        read(bomb(side), name="bomb.png")


def test_the_shorter_side_is_read_from_the_header():
    assert images.measure(encoded(halves(size=(70, 50)), "JPEG")).side == 50
    assert images.measure(turned(6)).side == 40
    with pytest.raises(DatasetError, match=r"a.jpg: not a JPEG, PNG"):
        images.measure(b"text", name="a.jpg")


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (7, 7), (300, 500), (1, 10_000), (10_000, 1), (1, 1), (32, 32)])
def test_a_square_has_the_size_asked_for(shape):
    pixels = np.full((*shape, 3), 77, np.uint8)
    cut = images.square(pixels, 32)
    assert cut.shape == (32, 32, 3) and cut.dtype == np.uint8
    assert np.all(cut == 77)


def test_a_square_is_the_centre_of_the_image():
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = RED
    assert np.all(images.square(pixels, 20) == RED)
    assert close(images.square(np.asarray(halves()), 32)[16, 2], RED) and close(
        images.square(np.asarray(halves()), 32)[16, 29], BLUE
    )


def test_shrinking_averages_instead_of_picking():
    board = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    grey = images.square(np.repeat(board[:, :, None], 3, 2), 32)
    assert np.all(np.abs(grey.astype(int) - 127) < 10)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.float32)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocessing_is_that_of_keras(mode, pixels):
    from keras.applications.imagenet_utils import preprocess_input

    before = pixels.copy()
    expected = preprocess_input(pixels.copy(), data_format="channels_last", mode=mode)
    np.testing.assert_allclose(images.preprocess(pixels, mode), expected, rtol=1e-5, atol=1e-4)
    assert np.array_equal(pixels, before)  # Keras's own changes its input


@pytest.mark.parametrize("mode", images.PREPROCESSING)
def test_preprocessing_inside_a_model_is_that_of_arrays(mode, pixels):
    import keras

    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, images.preprocess(inputs, mode))
    assert model.output.shape == (None, 8, 8, 3)
    outputs = keras.ops.convert_to_numpy(model(pixels))
    np.testing.assert_allclose(outputs, images.preprocess(pixels, mode), rtol=1e-6, atol=1e-5)


def test_the_books_way_gives_0_to_1_and_inside_changes_nothing(pixels):
    np.testing.assert_allclose(images.preprocess(pixels, "divide255"), pixels / 255, rtol=1e-6)
    np.testing.assert_array_equal(images.preprocess(pixels, "inside"), pixels)


def test_preprocessing_keeps_the_precision_of_its_input(pixels):
    import keras

    for dtype in ("float16", "bfloat16", "float32"):
        x = keras.ops.cast(pixels, dtype)
        assert {keras.backend.standardize_dtype(images.preprocess(x, mode).dtype) for mode in images.PREPROCESSING} == {
            dtype
        }


def test_an_unknown_preprocessing_names_the_known_ones(pixels):
    with pytest.raises(ConfigError, match=r"'imagenet'.*caffe, tf, torch, torch-bicubic, inside, clip, divide255"):
        images.preprocess(pixels, "imagenet")


PHOTOS = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)


@pytest.mark.parametrize("kinds", [("flip",), ("crop",), ("colour",), ("flip", "crop", "colour")])
def test_augmentation_is_decided_by_its_seed_and_leaves_its_input_alone(kinds):
    before = PHOTOS.copy()
    first, again, other = (images.augment(PHOTOS, kinds, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first.shape, first.dtype) == (PHOTOS.shape, np.uint8)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, PHOTOS)
    np.testing.assert_array_equal(PHOTOS, before)


def test_a_flip_mirrors_about_half_of_the_images():
    flipped = images.augment(PHOTOS, ("flip",), np.random.default_rng(0))
    same = (flipped == PHOTOS).all(axis=(1, 2, 3))
    assert 10 < same.sum() < 30
    np.testing.assert_array_equal(flipped[~same], PHOTOS[~same][:, :, ::-1])


def test_a_crop_moves_each_image_by_up_to_an_eighth():
    moved = images.augment(PHOTOS, ("crop",), np.random.default_rng(0))
    for before, after in zip(PHOTOS, moved, strict=True):
        padded = np.pad(before, ((2, 2), (2, 2), (0, 0)), mode="reflect")
        assert any(np.array_equal(padded[y : y + 16, x : x + 16], after) for y in range(5) for x in range(5))


def test_colours_change_a_little_and_grey_stays_grey():
    grey = np.full((8, 4, 4, 3), 100, np.uint8)
    changed = images.augment(grey, ("colour",), np.random.default_rng(0))
    assert (changed == changed[..., :1]).all()
    assert 80 <= changed.min() < changed.max() <= 120


def test_without_augmentation_images_stay_as_they_are():
    assert images.augment(PHOTOS, (), np.random.default_rng(0)) is PHOTOS
