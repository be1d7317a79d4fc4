"""Images: decode them safely, crop them square, preprocess them as a backbone expects, and augment them."""

import io
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import ExifTags, Image

from core.data import memory, png
from core.data.memory import Box
from core.errors import ConfigError, DatasetError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp"})
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # by content; Pillow tries no other decoder
NO_IMAGE = "not a JPEG, PNG, WebP, GIF or BMP file"
MAX_PIXELS = 80_000_000  # about 9,000 x 9,000, just below Pillow's own warning of a decompression bomb


_TURNED = {  # by the orientation in an image's metadata
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Result = TypeVar("Result")


@dataclass(frozen=True)
class Measures:
    """What is known of an image before its pixels are kept."""

    side: int  # the shorter one, in pixels
    longer: int
    memory: int  # bytes that decoding takes, besides the file
    sixteen_bits: bool  # for each value


@dataclass(frozen=True)
class Preprocessing:
    """How a network expects its pixels: `(x - mean) / deviation` per channel."""

    title: str
    mean: tuple[float, float, float]  # in the order of `channels`, on the scale 0..255
    deviation: tuple[float, float, float]
    channels: str = "RGB"
    interpolation: str = "bilinear"  # used when images are resized first
    whole: bool = False  # whether resized pixels are rounded to integers, as Pillow does


# Keras's conventions, as in keras.applications.imagenet_utils.preprocess_input; CLIP's; and the book's.
PREPROCESSING = {
    "caffe": Preprocessing(
        "red and blue swapped, the mean colour of ImageNet subtracted, not scaled",
        (103.939, 116.779, 123.68),
        (1.0, 1.0, 1.0),
        "BGR",
    ),
    "tf": Preprocessing("scaled to -1..1", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "torch": Preprocessing(
        "scaled to 0..1, then standardised by the mean and spread of ImageNet",
        (123.675, 116.28, 103.53),
        (58.395, 57.12, 57.375),
    ),
    "torch-bicubic": Preprocessing(
        "resized as by Pillow (bicubic), scaled to 0..1, then standardised by the mean and spread of ImageNet",
        (123.675, 116.28, 103.53),
        (58.395, 57.12, 57.375),
        interpolation="bicubic",
        whole=True,
    ),  # preprocessor_config.json of facebook/deit-tiny-distilled-patch16-224 and facebook/dinov2-small
    "inside": Preprocessing("0..255 as they are, its own first layers scale them", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "clip": Preprocessing(
        "resized as by Pillow (bicubic), then standardised by the mean and spread of CLIP's training images",
        (0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255),
        (0.26862954 * 255, 0.26130258 * 255, 0.27577711 * 255),
        interpolation="bicubic",
        whole=True,
    ),  # github.com/openai/CLIP, clip/clip.py
    "divide255": Preprocessing("scaled to 0..1, whatever the network expects", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
}


def decode(
    source: str | Path | bytes, *, name: str = "", enough: int | None = None, white: int | None = None
) -> np.ndarray:
    """Read an image of any mode as upright RGB.

    The first frame of an animation is used, transparency becomes white, and 16 bits are scaled to 8. Threads wait for
    each other where their images together take too much memory.

    Args:
        source: A path, or the bytes of a file.
        name: The image's name in errors; by default the file's name.
        enough: The shorter side, in pixels, that the caller needs; larger JPEGs, and very large images of other
            formats, are then decoded at a fraction of their size, which saves most of the time and memory.
        white: The value of 16 bits that becomes 255. By default the top of the range that this image uses: 4,095 for
            one of 12 bits. Images that belong together need the same.

    Returns:
        `(h, w, 3) uint8`.

    Raises:
        DatasetError: It is in no such format, is truncated, has more than `MAX_PIXELS`, or takes too much memory.
    """
    name = name or ("the image" if isinstance(source, bytes) else Path(source).name)

    def pixels(image: Image.Image, data: bytes) -> np.ndarray:
        full, deep = _draft(image, data, enough), png.has_sixteen_bits(data)
        factor = min(image.size) // enough if enough and memory.is_large(image) else 1
        needed = memory.decoding(image, full, sixteen_bits=deep, in_bands=factor > 1)
        with memory.budget.taken(needed + len(data), name):
            part, box = _parts(image, data, white), (0, 0, *image.size)
            return np.asarray(_upright(memory.reduced(part, box, factor) if factor > 1 else part(box), image))

    return _attempt(source, name, pixels)


def decode_square(source: bytes, size: int, *, name: str = "the image", white: int | None = None) -> np.ndarray:
    """`square` of `decode`, in less memory: the caller takes what `measure` says from the budget."""

    def pixels(image: Image.Image, data: bytes) -> np.ndarray:
        _draft(image, data, size)
        part = _parts(image, data, white)
        if memory.is_large(image):
            return np.asarray(_upright(memory.reduced_square(part, image.size, size), image))
        return square(np.asarray(_upright(part((0, 0, *image.size)), image)), size)

    return _attempt(source, name, pixels)


def measure(source: bytes, *, name: str = "the image", enough: int | None = None) -> Measures:
    """What the header of an image says; the beginning of its file is enough. Raises DatasetError as `decode` does.

    Args:
        enough: See `decode`.
    """

    def measures(image: Image.Image, data: bytes) -> Measures:
        (side, longer), deep = sorted(image.size), png.has_sixteen_bits(data)
        full = _draft(image, data, enough)
        needed = memory.decoding(image, full, sixteen_bits=deep, in_bands=memory.is_large(image))
        return Measures(side, longer, needed, deep)

    return _attempt(source, name, measures)


def peak(source: bytes, *, name: str = "the image") -> int:
    """The largest value of a PNG with 16 bits. Raises DatasetError as `decode` does."""
    return _attempt(source, name, lambda image, data: _peak(png.sixteen_bits(data), image.size))


def square(image: np.ndarray, size: int) -> np.ndarray:
    """The central square of an `(h, w, 3) uint8` image, resized to `(size, size, 3)` with antialiasing."""
    height, width = image.shape[:2]
    if height == width == size:
        return image
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    # Cropped and resized in one step, so that a strip of 1 x 10,000 pixels never becomes 32 x 320,000.
    resized = Image.fromarray(image).resize(
        (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3.0
    )
    return np.asarray(resized)


def preprocess(x: Any, mode: str) -> Any:
    """Preprocess RGB pixels 0..255 as networks of this mode expect.

    Args:
        x: `(..., 3)` floats: an array, a tensor, or the symbolic input of a functional Keras model.
        mode: A key of `PREPROCESSING`.
    """
    if mode not in PREPROCESSING:
        raise ConfigError(f"Unknown preprocessing {mode!r}", "one of " + ", ".join(PREPROCESSING))
    from keras import backend, ops

    preprocessing = PREPROCESSING[mode]
    if preprocessing.channels == "BGR":
        x = ops.flip(x, axis=-1)
    # Arrays, because a tensor would be an input of its own where a model is converted.
    dtype = backend.standardize_dtype(x.dtype)
    mean, deviation = (np.asarray(each, dtype) for each in (preprocessing.mean, preprocessing.deviation))
    return (x - mean) / deviation


def augment(images: np.ndarray, kinds: Collection[str], rng: np.random.Generator) -> np.ndarray:
    """Randomly augmented copies of training images `(b, s, s, 3) uint8`.

    Args:
        kinds: Any of "flip" (half of them mirrored), "crop" (shifted by up to an eighth of their size, the edge
            reflected into the gap) and "colour" (brightness, contrast and saturation each scaled by 0.8 to 1.2).
        rng: The only source of randomness: the same state gives the same images.
    """
    if "flip" in kinds:
        images = np.where(rng.random(len(images))[:, None, None, None] < 0.5, images[:, :, ::-1], images)
    if "crop" in kinds:
        images = _cropped(images, rng)
    if "colour" in kinds:
        images = _recoloured(images, rng)
    return images


def _cropped(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = images.shape[1]
    margin = max(1, size // 8)
    padded = np.pad(images, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="reflect")
    corners = rng.integers(0, 2 * margin + 1, (len(images), 2))
    crops = [image[top : top + size, left : left + size] for image, (top, left) in zip(padded, corners, strict=True)]
    return np.stack(crops)


def _recoloured(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    brightness, contrast, saturation = rng.uniform(0.8, 1.2, (3, len(images), 1, 1, 1)).astype(np.float32)
    x = images * brightness
    grey = x.mean(axis=-1, keepdims=True)  # (b, s, s, 1)
    middle = grey.mean(axis=(1, 2), keepdims=True)  # (b, 1, 1, 1)
    # Saturation around each pixel's grey and contrast around the image's mean, in one expression.
    x = (x - grey) * (saturation * contrast) + (grey - middle) * contrast + middle
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


def _attempt(source: str | Path | bytes, name: str, work: Callable[[Image.Image, bytes], Result]) -> Result:
    """Do some work on an opened image and the bytes of its file; a PNG that fails is tried without its metadata."""
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        try:
            return _with_image(data, name, work)
        except DatasetError:
            raise
        except Exception:
            if not data.startswith(png.SIGNATURE):
                raise
            return _with_image(png.without_metadata(data), name, work)
    except DatasetError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise _unreadable(name, error) from error


def _with_image(data: bytes, name: str, work: Callable[[Image.Image, bytes], Result]) -> Result:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        _refuse_bombs(image, name)
        return work(image, data)


def _refuse_bombs(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DatasetError(f"{name}: {width:,} x {height:,} pixels", f"at most {MAX_PIXELS:,} pixels")


def _unreadable(name: str, error: Exception) -> DatasetError:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return DatasetError(f"{name}: too many pixels", f"at most {MAX_PIXELS:,} pixels")
    if isinstance(error, Image.UnidentifiedImageError):
        return DatasetError(f"{name}: {NO_IMAGE}", "", "Save it as one of these")
    return DatasetError(f"{name}: damaged or truncated ({error})", "an image that can be decoded")


def _draft(image: Image.Image, data: bytes, enough: int | None) -> tuple[int, int]:
    """Let Pillow decode a JPEG at a fraction of its size, if that is enough; returns its full size."""
    full = image.size
    if enough and not png.has_sixteen_bits(data):
        image.draft(None, (enough, enough))
    return full


def _upright(pixels: Image.Image, image: Image.Image) -> Image.Image:
    """Pixels, turned as the metadata of their image asks."""
    try:
        method = _TURNED.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # its metadata is damaged; its pixels may not be
        return pixels
    return pixels if method is None else pixels.transpose(method)


def _parts(image: Image.Image, data: bytes, white: int | None) -> Callable[[Box], Image.Image]:
    """Decode an image; returns a function from a box to that part of it as RGB."""
    image.load()  # raises for damaged pixels, and reads what follows them
    if png.has_sixteen_bits(data):
        values = png.sixteen_bits(data)
        white = white or png.white(_peak(values, image.size))
        grey = values((0, 0, 1, 1)).ndim == 2
        if grey or white != 65_535:  # else Pillow reads it well
            return lambda box: _rgb(_of_sixteen_bits(image.crop(box), values(box), white))
    return lambda box: _rgb(image.crop(box))


def _peak(values: Callable[[Box], np.ndarray], size: tuple[int, int]) -> int:
    width, height = size
    rows = max(1, memory.BAND // width)
    return max(int(values((0, top, width, min(height, top + rows))).max()) for top in range(0, height, rows))


def _of_sixteen_bits(image: Image.Image, values: np.ndarray, white: int) -> Image.Image:
    """The image with 8 bits, its transparency kept."""
    scaled = Image.fromarray(np.minimum(values.astype(np.uint32) * 255 // white, 255).astype(np.uint8))
    if image.mode == "RGBA":
        scaled = scaled.convert("RGB")
        scaled.putalpha(image.getchannel("A"))
    scaled.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return scaled


def _rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
