"""Image corruptions such as blur and noise, each at five severities; deterministic.

Modelled on CIFAR-10-C (Hendrycks and Dietterich, Benchmarking neural network robustness to common corruptions and
perturbations, ICLR 2019) but generated here from a seed, so results are not comparable with published figures. A
corrupted dataset is like any other: its features are cached under its own fingerprint.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.data.dataset import Dataset
from core.errors import ConfigError

VERSION = 1  # increase it when a corruption would give other pixels
SEED = 0
SEVERITIES = (1, 2, 3, 4, 5)
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green, blue: ITU-R BT.601


@dataclass(frozen=True)
class Corruption:
    """A way to degrade images."""

    name: str
    title: str
    unit: str  # what an amount measures
    amounts: tuple[float, ...]  # one per severity
    make: Callable[[np.ndarray, float], np.ndarray]  # (n, s, s, 3) uint8 and an amount -> the same shape, 0..255


def corrupted(dataset: Dataset, rows: np.ndarray, name: str) -> Dataset:
    """Rows (n,) of a dataset after a corruption: all at severity 1, then all at severity 2, and so on; 5 n images.

    Raises:
        ConfigError: There is no such corruption.
    """
    if name not in CORRUPTIONS:
        raise ConfigError(f"There is no corruption {name!r}", f"one of {', '.join(CORRUPTIONS)}")
    images, repeated = dataset.images[rows], np.tile(rows, len(SEVERITIES))
    return replace(
        dataset,
        title=f"{dataset.title}, {CORRUPTIONS[name].title.lower()}",
        images=np.concatenate([apply(images, name, severity) for severity in SEVERITIES]),
        labels=dataset.labels[repeated],
        official=dataset.official[repeated],
        files=dataset.files[repeated],
        fingerprint=fingerprint(dataset, rows, name),
    )


def fingerprint(dataset: Dataset, rows: np.ndarray, name: str) -> str:
    """The fingerprint of the corrupted rows (n,), without computing them."""
    identity = f"{VERSION} {dataset.fingerprint} {name} {SEED}".encode()
    return hashlib.sha256(identity + np.ascontiguousarray(rows).tobytes()).hexdigest()[:16]


def apply(images: np.ndarray, name: str, severity: int) -> np.ndarray:
    """Images (n, s, s, 3) uint8 after a corruption of severity 1 to 5."""
    corruption = CORRUPTIONS[name]
    degraded = corruption.make(images, corruption.amounts[severity - 1])
    return np.clip(np.rint(degraded), 0, 255).astype(np.uint8)


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
    smaller = max(1, round(share * size))

    def resize(image: np.ndarray) -> np.ndarray:
        small = Image.fromarray(image).resize((smaller, smaller), Image.Resampling.BOX)
        return np.asarray(small.resize((size, size), Image.Resampling.NEAREST))

    return np.stack([resize(image) for image in images])


def _contrast(images: np.ndarray, kept: float) -> np.ndarray:
    mean = images.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float32)
    return mean + kept * (images - mean)


CORRUPTIONS = {
    corruption.name: corruption
    for corruption in (
        Corruption("grey", "Grey", "fraction of colour removed", (0.2, 0.4, 0.6, 0.8, 1.0), _grey),
        Corruption("blur", "Blur", "Gaussian sigma / image size", (0.0125, 0.019, 0.025, 0.031, 0.044), _blur),
        Corruption("noise", "Noise", "standard deviation / full scale", (0.04, 0.06, 0.08, 0.1, 0.14), _noise),
        Corruption("jpeg", "JPEG", "quality", (80, 50, 30, 20, 10), _jpeg),
        Corruption("resolution", "Low resolution", "fraction of the side", (0.875, 0.75, 0.625, 0.5, 0.375), _small),
        Corruption("contrast", "Low contrast", "fraction of contrast kept", (0.75, 0.5, 0.4, 0.3, 0.15), _contrast),
    )
}
