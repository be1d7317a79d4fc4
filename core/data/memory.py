"""Memory for decoding: what an image takes, a budget that all threads share, and large images a band at a time.

Pillow holds a whole decoded image, 4 bytes per pixel; making an array of it takes 10 more. So a large one is reduced
in bands of rows, as `Image.resize` with a `reducing_gap` does first, with the same pixels as a result.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PIL import Image, JpegImagePlugin

from core.errors import DatasetError

BUDGET = 485_000_000  # bytes that all threads of a process together may take for decoding, with the files themselves
LARGE = 4_000_000  # pixels, from which an image is made smaller in bands
BAND = 250_000  # pixels of a band
_IN_BANDS = 15_000_000  # bytes for the bands of a large image
_WHOLE, _WHOLE_OF_SIXTEEN_BITS = 16, 26  # bytes a pixel for the arrays of a whole image
_LOADED = {"1": 1, "L": 1, "P": 1, "I;16": 4, "LA;16": 8, "RGB;16": 12, "RGBA;16": 12}  # bytes a pixel; else 4
_WEBP = 16  # bytes a pixel: Pillow decodes one as an animation, with its last frame

# Pillow takes the memory of an image in blocks, of 16 MB by default. The C library (glibc) first gives such blocks back
# to the system, but then keeps them for each thread: two threads held 650 MB for 335 in use. It keeps none above 32 MB.
Image.core.set_block_size(64 << 20)  # bytes

Box = tuple[int, int, int, int]


class Budget:
    """A number of bytes that threads take and give back; a thread waits if not enough are left."""

    def __init__(self, total: int):
        self.total, self.most = total, 0  # most: what has been taken at once
        self._taken, self._changed = 0, threading.Condition()

    @contextmanager
    def taken(self, number: int, name: str) -> Iterator[None]:
        """Take a number of bytes. Raises DatasetError, with the image's name, if there are never as many."""
        check(number, name, self.total)
        with self._changed:
            self._changed.wait_for(lambda: self._taken + number <= self.total)
            self._taken += number
            self.most = max(self.most, self._taken)
        try:
            yield
        finally:
            with self._changed:
                self._taken -= number
                self._changed.notify_all()


budget = Budget(BUDGET)


def check(number: int, name: str, total: int = BUDGET) -> None:
    """Raise DatasetError if an image takes more bytes than there are."""
    if number > total:
        raise DatasetError(
            f"{name}: takes {number / 1e6:,.0f} MB to decode", f"at most {total / 1e6:,.0f} MB", "Save it smaller"
        )


def is_large(image: Image.Image) -> bool:
    """Whether an opened image is made smaller in bands."""
    return image.width * image.height > LARGE


def decoding(image: Image.Image, full: tuple[int, int], *, sixteen_bits: bool, in_bands: bool) -> int:
    """Bytes that an opened image takes until it is small; its file comes in addition.

    Args:
        full: Its size before `draft`, which must have been called.
        in_bands: Whether it is made smaller in bands.
    """
    pixels, coefficients = image.width * image.height, 0
    mode = f"{image.mode.removesuffix(';16')};16" if sixteen_bits else image.mode
    loaded = _WEBP if image.format == "WEBP" else _LOADED.get(mode, 4)
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.info.get("progressive"):
        coefficients = _coefficients(image, full)
    arrays = _IN_BANDS if in_bands else pixels * (_WHOLE_OF_SIXTEEN_BITS if sixteen_bits else _WHOLE)
    return pixels * loaded + coefficients + arrays


def reduced(part: Callable[[Box], Image.Image], box: Box, factor: int) -> Image.Image:
    """A part of an image as RGB, with squares of `factor` pixels averaged, as `Image.reduce` does it to the whole.

    Args:
        part: From a box to that part of the image, in RGB.
    """
    left, top, right, bottom = box
    result = Image.new("RGB", (math.ceil((right - left) / factor), math.ceil((bottom - top) / factor)))
    rows = max(1, BAND // ((right - left) * factor))
    for row in range(0, result.height, rows):
        band = part((left, top + row * factor, right, min(bottom, top + (row + rows) * factor)))
        result.paste(band.reduce(factor) if factor > 1 else band, (0, row))
    return result


def reduced_square(part: Callable[[Box], Image.Image], whole: tuple[int, int], size: int) -> Image.Image:
    """The central square of an image, resized as `images.square` does it.

    Args:
        whole: Width and height of the image.
    """
    width, height = whole
    side = min(width, height)
    left, top, scale = (width - side) / 2, (height - side) / 2, side / size
    factor = int(scale / 3.0) or 1
    support = (1.5 if factor > 1 else 2.0) * scale  # around the square: what the filter (bicubic) reads
    box = (
        max(0, int(left - support)),
        max(0, int(top - support)),
        min(width, math.ceil(left + side + support)),
        min(height, math.ceil(top + side + support)),
    )
    small = reduced(part, box, factor)
    x, y, shown = (left - box[0]) / factor, (top - box[1]) / factor, side / factor
    return small.resize((size, size), Image.Resampling.BICUBIC, box=(x, y, x + shown, y + shown))


def _coefficients(image: JpegImagePlugin.JpegImageFile, full: tuple[int, int]) -> int:
    """Bytes of the coefficients of a progressive JPEG, 2 each: libjpeg keeps all of them, at the full size."""
    layers = [(across, down) for _, across, down, *_ in image.layer]
    most = max(across for across, _ in layers) * max(down for _, down in layers)
    return 2 * full[0] * full[1] * sum(across * down for across, down in layers) // most
