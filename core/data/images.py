"""Images: decode whatever people bring, cut it square, and prepare pixels the way a backbone was trained."""

import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core.errors import ConfigError, DatasetError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"})
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # by content: Pillow is not asked to try anything else
MAX_PIXELS = 80_000_000  # about 9,000 x 9,000, just below where Pillow itself starts to warn of a bomb


@dataclass(frozen=True)
class Preprocessing:
    """What a network wants its pixels to be: `(x - mean) / deviation` of each channel."""

    title: str
    mean: tuple[float, float, float]  # in the order of `channels`, on the scale 0..255
    deviation: tuple[float, float, float]
    channels: str = "RGB"
    interpolation: str = "bilinear"  # by which images are resized before
    whole: bool = False  # whether pixels are whole numbers again once they are resized, as Pillow's are


# Keras's conventions as in keras.applications.imagenet_utils.preprocess_input, and the book's way.
PREPROCESSING = {
    "caffe": Preprocessing("BGR, the mean of ImageNet subtracted", (103.939, 116.779, 123.68), (1.0, 1.0, 1.0), "BGR"),
    "tf": Preprocessing("scaled to -1..1", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "torch": Preprocessing("standardised as ImageNet", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "inside": Preprocessing("0..255, the network does the rest itself", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "clip": Preprocessing(
        "standardised as CLIP, resized as by Pillow",
        (0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255),
        (0.26862954 * 255, 0.26130258 * 255, 0.27577711 * 255),
        interpolation="bicubic",
        whole=True,
    ),  # github.com/openai/CLIP, clip/clip.py
    "divide255": Preprocessing("scaled to 0..1, whatever the network expects", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
}


def decode(source: str | Path | bytes, *, name: str = "", enough: int | None = None) -> np.ndarray:
    """Read one image of any mode as RGB, upright.

    Animations give their first frame, transparency is laid on white, 16 bits are scaled to 8.

    Args:
        source: A path, or the bytes of a file.
        name: What errors call the image; by default the file's name.
        enough: Pixels of the shorter side that the caller needs; a larger JPEG is then decoded at a
            fraction of its size, which saves most of the time and memory.

    Returns:
        `(h, w, 3) uint8`.

    Raises:
        DatasetError: Not an image, cut short, or with more than `MAX_PIXELS`.
    """
    name = name or ("the image" if isinstance(source, bytes) else Path(source).name)
    try:
        with _open(source) as image:
            _refuse_bombs(image, name)
            if enough:
                image.draft(None, (enough, enough))
            return np.asarray(_rgb(ImageOps.exif_transpose(image)))
    except DatasetError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise _unreadable(name, error) from error


def shorter_side(source: bytes, *, name: str = "the image") -> int:
    """Pixels of the shorter side, read from the header alone. Raises DatasetError as `decode` does."""
    try:
        with _open(source) as image:
            _refuse_bombs(image, name)
            return min(image.size)
    except DatasetError:
        raise
    except Exception as error:
        raise _unreadable(name, error) from error


def square(image: np.ndarray, size: int) -> np.ndarray:
    """The central square of an `(h, w, 3) uint8` image at `(size, size, 3)`, with antialiasing."""
    height, width = image.shape[:2]
    if height == width == size:
        return image
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    # Cropped and resized in one step: a strip of 1 x 10,000 pixels never becomes 32 x 320,000.
    resized = Image.fromarray(image).resize(
        (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3.0
    )
    return np.asarray(resized)


def preprocess(x, mode: str):
    """Turn RGB pixels 0..255 into what a network of this mode was trained on.

    Args:
        x: `(..., 3)` floats: an array, a tensor, or the symbolic input of a functional Keras model.
        mode: A key of `PREPROCESSING`.
    """
    if mode not in PREPROCESSING:
        raise ConfigError(f"Unknown preprocessing {mode!r}", "one of " + ", ".join(PREPROCESSING))
    from keras import backend, ops

    way = PREPROCESSING[mode]
    dtype = backend.standardize_dtype(x.dtype)
    if way.channels == "BGR":
        x = ops.flip(x, axis=-1)
    mean, deviation = (ops.convert_to_tensor(values, dtype=dtype) for values in (way.mean, way.deviation))
    return (x - mean) / deviation


def augment(images: np.ndarray, kinds: Collection[str], rng: np.random.Generator) -> np.ndarray:
    """Changed copies of training images `(b, s, s, 3) uint8`, each image in its own way.

    Args:
        kinds: Of "flip" (half of them mirrored), "crop" (moved by up to an eighth of their size, the edge mirrored
            into the gap) and "colour" (brightness, contrast and saturation each 0.8 to 1.2 times).
        rng: Decides about everything: the same state, the same images.
    """
    if "flip" in kinds:
        images = np.where(rng.random(len(images))[:, None, None, None] < 0.5, images[:, :, ::-1], images)
    if "crop" in kinds:
        images = _moved(images, rng)
    if "colour" in kinds:
        images = _recoloured(images, rng)
    return images


def _moved(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = images.shape[1]
    most = max(1, size // 8)
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)), mode="reflect")
    corners = rng.integers(0, 2 * most + 1, (len(images), 2))
    return np.stack([
        image[top : top + size, left : left + size] for image, (top, left) in zip(padded, corners, strict=True)
    ])  # fmt: skip


def _recoloured(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    brightness, contrast, saturation = rng.uniform(0.8, 1.2, (3, len(images), 1, 1, 1)).astype(np.float32)
    x = images * brightness
    grey = x.mean(axis=-1, keepdims=True)  # (b, s, s, 1)
    middle = grey.mean(axis=(1, 2), keepdims=True)  # (b, 1, 1, 1)
    # Saturation around the grey of each pixel, then contrast around the middle of the image, in one go.
    x = (x - grey) * (saturation * contrast) + (grey - middle) * contrast + middle
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


def _open(source: str | Path | bytes) -> Image.Image:
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)


def _refuse_bombs(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DatasetError(f"{name}: {width:,} x {height:,} pixels", f"at most {MAX_PIXELS:,} pixels")


def _unreadable(name: str, error: Exception) -> DatasetError:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return DatasetError(f"{name}: too many pixels", f"at most {MAX_PIXELS:,} pixels")
    if isinstance(error, Image.UnidentifiedImageError):
        return DatasetError(f"{name}: not an image", "a JPEG, PNG, WebP, GIF or BMP file")
    return DatasetError(f"{name}: damaged or cut short ({error})", "an image that can be decoded")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # Pillow's own conversion clips 16 bits at 255
        image = Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
