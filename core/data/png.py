"""What Pillow does not read of PNG files: some metadata stops it, and of 16 bits of colour it keeps 8."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from core.data.memory import Box

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BITS = (8, 10, 12, 14, 16)  # of the values that cameras and scanners store in 16
_OF_PIXELS = (b"tRNS", b"eXIf")  # ancillary chunks that matter here: transparency and orientation
# Pillow's raw modes that keep the high bytes, and those that read the low ones from the same data.
_LOW_BYTES = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}


def without_metadata(data: bytes) -> bytes:
    """A PNG without its metadata, and without any other ancillary chunk whose checksum is wrong.

    The PNG specification lets decoders ignore both (13.2, 14.2). Chunks of pixels stay as they are, damaged or not.
    """
    kept, start = [SIGNATURE], len(SIGNATURE)
    while start + 12 <= len(data):
        (length,) = struct.unpack(">I", data[start : start + 4])
        chunk = data[start : start + 12 + length]
        kind = chunk[4:8]
        critical = not kind[0] & 0x20  # the first letter is a capital
        if critical or (kind in _OF_PIXELS and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")):
            kept.append(chunk)
        start += 12 + length
    return b"".join(kept)


def has_sixteen_bits(data: bytes) -> bool:
    """Whether a file is a PNG with 16 bits for each value."""
    return data.startswith(SIGNATURE) and data[24:25] == b"\x10"


def sixteen_bits(data: bytes) -> Callable[[Box], np.ndarray]:
    """A function from a box to its pixels without transparency: `(h, w) uint16` if grey, else `(h, w, 3)`."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        raw_mode = image.tile[0].args
    if raw_mode == "LA;16B":  # read as four bytes: high and low of the grey, then of the transparency
        both = _read(data, "RGBA")
        return lambda box: _joined(*np.moveaxis(np.asarray(both.crop(box))[..., :2], -1, 0))
    high = _read(data)
    if raw_mode in _LOW_BYTES:
        low = _read(data, _LOW_BYTES[raw_mode])
        return lambda box: _joined(*(np.asarray(part.crop(box))[..., :3] for part in (high, low)))
    return lambda box: np.asarray(high.crop(box)).astype(np.uint16)


def white(peak: int) -> int:
    """The value that stands for white: the top of the smallest usual range that holds the largest value."""
    return next(2**bits - 1 for bits in BITS if peak < 2**bits)


def _read(data: bytes, raw_mode: str = "") -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("PNG",))
    if raw_mode:
        image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    image.load()
    return image


def _joined(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    return high.astype(np.uint16) << 8 | low
