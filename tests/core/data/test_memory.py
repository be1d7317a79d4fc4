"""Large images are made smaller in bands to the same pixels, and all threads share one budget of memory."""

import struct
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core.data import datasets, images, memory
from core.errors import DatasetError
from tests.core.data.test_images import chunked, deep, encoded
from tests.pictures import pictures, write_zip

SIZES = [(301, 200), (200, 301), (1_000, 97), (95, 803), (64, 64)]


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """Smooth noise, so that every pixel tells its place."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (12, 12, 4), dtype=np.uint8), "RGBA")
    return small.resize(size, Image.Resampling.BICUBIC).convert(mode)


def deep_noise(size: tuple[int, int], channels: int) -> bytes:
    values = np.asarray(noise(size, "RGBA")).astype(np.uint16)[..., :channels] * 16
    return deep(values)


def palette(size: tuple[int, int]) -> Image.Image:
    return noise(size).quantize(200)


KINDS: dict[str, Callable[[tuple[int, int]], bytes]] = {
    "RGB": lambda size: encoded(noise(size), "PNG"),
    "RGBA": lambda size: encoded(noise(size, "RGBA"), "PNG"),
    "grey with transparency": lambda size: encoded(noise(size, "LA"), "PNG"),
    "one bit": lambda size: encoded(noise(size, "1"), "PNG"),
    "a palette with a transparent colour": lambda size: encoded(palette(size), "PNG", transparency=3),
    "GIF": lambda size: encoded(palette(size), "GIF"),
    "BMP": lambda size: encoded(noise(size), "BMP"),
    "WebP": lambda size: encoded(noise(size, "RGBA"), "WEBP", lossless=True),
    "16 bits, grey": lambda size: deep_noise(size, 1),
    "16 bits, grey with transparency": lambda size: deep_noise(size, 2),
    "16 bits": lambda size: deep_noise(size, 3),
    "16 bits with transparency": lambda size: deep_noise(size, 4),
}


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every image counts as large, and a band is a few rows."""
    monkeypatch.setattr(memory, "LARGE", 0)
    monkeypatch.setattr(memory, "BAND", 2_000)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_bands_give_the_same_pixels_as_the_whole(size, kind, all_large):
    data = KINDS[kind](size)
    for side in (8, 32):
        whole = images.square(images.decode(data), side)
        tolerance = 0 if min(size) >= 6 * side else 8  # of a strip, Pillow resizes rows or columns first, by its length
        assert np.abs(images.decode_square(data, side).astype(int) - whole).max() <= tolerance


def test_the_levels_of_16_bits_hold_for_all_bands(all_large):
    data = deep_noise((301, 200), 1)
    whole = images.square(images.decode(data, white=65_535), 32)
    assert np.array_equal(images.decode_square(data, 32, white=65_535), whole)
    assert images.peak(data) == int(np.asarray(noise((301, 200), "RGBA"))[..., 0].max()) * 16


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_image_is_turned_as_its_metadata_asks(orientation, all_large):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(noise((301, 200)), "PNG", exif=exif)
    whole = images.square(images.decode(data), 32)
    # Turned before or after it is made smaller: blocks of pixels begin at the other edge
    assert np.abs(images.decode_square(data, 32).astype(int) - whole).max() <= 6


@pytest.mark.slow
def test_a_large_photo_is_decoded_no_larger_than_needed(all_large):
    photo = encoded(noise((1_000, 640)), "PNG")
    assert images.decode(photo, enough=100).shape == (107, 167, 3)
    assert images.decode(photo, enough=600).shape == (640, 1_000, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("image", "kind", "options", "most"),
    [
        ((8_880, 8_880), "PNG", {}, 350),
        ((8_880, 8_880), "JPEG", {}, 50),
        ((8_880, 8_880), "JPEG", {"progressive": True}, 280),
    ],
    ids=["PNG", "JPEG", "progressive JPEG"],
)
def test_an_image_of_79_megapixels_is_said_to_take_less_than_the_budget(image, kind, options, most):
    data = encoded(Image.new("L" if kind == "JPEG" else "1", image), kind, **options)
    needed = images.measure(data, enough=256).memory / 1e6
    assert needed < most


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["RGB", "16 bits", "WebP"])
def test_an_image_that_takes_too_much_is_skipped_by_name_before_it_is_decoded(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "check", lambda number, name, total=0: checked(number, name))
    monkeypatch.setattr(images, "decode_square", decode_square := Decoder(images.decode_square))

    def checked(number: int, name: str) -> None:
        if number > 1_000_000:
            raise DatasetError(f"{name}: takes {number:,} bytes")

    path = write_zip(tmp_path / "pets.zip", {**pictures(), "cats/large.png": KINDS[kind]((640, 480))})
    dataset = datasets.import_images(path)
    assert len(dataset.images) == 10 and len(decode_square.names) == 10
    assert dataset.skipped[0].startswith("cats/large.png: takes")


class Decoder:
    """`decode_square`, and the images it was given."""

    def __init__(self, decode_square):
        self.decode_square, self.names = decode_square, []

    def __call__(self, *args, name: str, **options) -> np.ndarray:
        self.names.append(name)
        return self.decode_square(*args, name=name, **options)


def test_a_header_that_is_longer_than_usual_is_read_in_full(tmp_path):
    text = b"tEXt" + b"Comment\0" + b"x" * 300_000
    small = encoded(noise((50, 40)), "PNG")
    long = small[:33] + struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text)) + small[33:]
    dataset = datasets.import_images(write_zip(tmp_path / "pets.zip", {**pictures(), "cats/long.png": long}))
    assert len(dataset.images) == 11 and dataset.skipped == ()


def test_the_largest_value_of_16_bits_is_found_in_every_band(all_large):
    values = np.zeros((300, 50, 1), np.uint16)
    values[-1, -1] = 4_000
    assert images.peak(deep(values)) == 4_000


def test_threads_never_take_more_than_the_budget():
    budget = memory.Budget(100)
    together, lock = 0, threading.Lock()

    def work(number: int) -> None:
        nonlocal together
        with budget.taken(number, "an image"):
            with lock:
                together += number
                assert together <= 100
            with lock:
                together -= number

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [60, 30, 100, 1, 50, 50] * 20))
    assert budget.most <= 100
    with pytest.raises(DatasetError, match=r"huge.png: takes 0 MB to decode"), budget.taken(101, "huge.png"):
        pass


def test_the_pixels_of_a_bomb_are_never_unpacked(all_large):
    data = chunked(struct.pack(">IIBBBBB", 8_000, 8_000, 16, 6, 0, 0, 0), zlib.compress(bytes(1_000)))
    with pytest.raises(DatasetError, match=r"the image: takes .* MB to decode. Expected at most 485 MB"):
        images.decode(data, enough=100)
