"""Contact sheets: a few images of a class side by side, small ones enlarged with crisp pixels."""

import io
from collections.abc import Iterable

import numpy as np
from PIL import Image

from core.data.datasets import Dataset

TILE = 96  # pixels, square
GAP = 8  # pixels, transparent


def rows_of_class(dataset: Dataset, label: int, n: int, *, seed: int) -> np.ndarray:
    """Row ids of n random images of a class, or all if it has fewer; the same seed gives the same rows."""
    rows = np.flatnonzero(dataset.labels == label)
    return np.random.default_rng([seed, label]).permutation(rows)[:n]


def strip(images: Iterable[np.ndarray], *, columns: int) -> bytes:
    """A PNG of square images (s, s, 3) uint8 in one line with room for `columns` of them, so that strips align."""
    sheet = Image.new("RGBA", (columns * (TILE + GAP) - GAP, TILE))
    for column, pixels in enumerate(images):
        resampling = Image.Resampling.NEAREST if pixels.shape[0] <= TILE else Image.Resampling.LANCZOS
        sheet.paste(Image.fromarray(pixels).resize((TILE, TILE), resampling), (column * (TILE + GAP), 0))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
