"""Shifts: the same images in worse light, out of focus, noisy: five severities of each, always the same ones.

In the manner of CIFAR-10-C (Hendrycks and Dietterich, Benchmarking neural network robustness to common corruptions and
perturbations, ICLR 2019), but made here, by the seed below, and so not comparable with published figures on it. A
shifted dataset is one like any other: it has a fingerprint of its own, under which its features are cached.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.data.dataset import Dataset
from core.errors import ConfigError

VERSION = 1  # raise it when a shift would give other pixels
SEED = 0
SEVERITIES = (1, 2, 3, 4, 5)
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green, blue: ITU-R BT.601


@dataclass(frozen=True)
class Shift:
    """A way to make images worse."""

    name: str
    title: str
    unit: str  # what an amount is
    amounts: tuple[float, ...]  # one for each severity
    make: Callable[[np.ndarray, float], np.ndarray]  # (n, s, s, 3) uint8 and an amount -> the same shape, 0..255


def shifted(dataset: Dataset, rows: np.ndarray, name: str) -> Dataset:
    """These rows (n,) of a dataset after a shift, at severity 1, then all at 2, and so on: (5 n) images.

    Raises:
        ConfigError: There is no such shift.
    """
    if name not in SHIFTS:
        raise ConfigError(f"There is no shift {name!r}", f"one of {', '.join(SHIFTS)}", "Choose one of these")
    facts = f"{VERSION} {dataset.fingerprint} {name} {SEED}".encode()
    images, five = dataset.images[rows], np.tile(rows, len(SEVERITIES))
    return replace(
        dataset,
        title=f"{dataset.title}, {SHIFTS[name].title.lower()}",
        images=np.concatenate([apply(images, name, severity) for severity in SEVERITIES]),
        labels=dataset.labels[five],
        official=dataset.official[five],
        files=dataset.files[five],
        fingerprint=hashlib.sha256(facts + np.ascontiguousarray(rows).tobytes()).hexdigest()[:16],
    )


def apply(images: np.ndarray, name: str, severity: int) -> np.ndarray:
    """Images (n, s, s, 3) uint8 after a shift of severity 1 to 5."""
    shift = SHIFTS[name]
    made = shift.make(images, shift.amounts[severity - 1])
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def _grey(images: np.ndarray, share: float) -> np.ndarray:
    return images + share * ((images @ _LUMINANCE)[..., None] - images)


def _blur(images: np.ndarray, width: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    pixels = width * images.shape[1]
    return gaussian_filter(images.astype(np.float32), (0, pixels, pixels, 0))


def _noise(images: np.ndarray, deviation: float) -> np.ndarray:
    return images + 255 * deviation * np.random.default_rng(SEED).standard_normal(images.shape, np.float32)


def _jpeg(images: np.ndarray, quality: float) -> np.ndarray:
    return np.stack([_through_jpeg(image, int(quality)) for image in images])


def _through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def _small(images: np.ndarray, share: float) -> np.ndarray:
    size = images.shape[1]
    less = max(1, round(share * size))
    return np.stack(
        [
            np.asarray(Image.fromarray(image).resize((less, less), Image.Resampling.BOX).resize((size, size), 0))
            for image in images
        ]
    )


def _contrast(images: np.ndarray, kept: float) -> np.ndarray:
    mean = images.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float32)
    return mean + kept * (images - mean)


SHIFTS = {
    shift.name: shift
    for shift in (
        Shift("grey", "Grey", "share of the colour taken out", (0.2, 0.4, 0.6, 0.8, 1.0), _grey),
        Shift("blur", "Blur", "width of a Gaussian, of the image", (0.0125, 0.019, 0.025, 0.031, 0.044), _blur),
        Shift("noise", "Noise", "standard deviation, of full scale", (0.04, 0.06, 0.08, 0.1, 0.14), _noise),
        Shift("jpeg", "JPEG", "quality", (80, 50, 30, 20, 10), _jpeg),
        Shift("resolution", "Low resolution", "share of the pixels a side", (0.875, 0.75, 0.625, 0.5, 0.375), _small),
        Shift("contrast", "Low contrast", "share of the contrast kept", (0.75, 0.5, 0.4, 0.3, 0.15), _contrast),
    )
}
