"""Odd images: too dark, too bright, plain or blurred, by their grey values; tiny or cropped, by their size on import.

search(name)    what is odd in a dataset, most extreme first, kept for the next time
find(dataset)   the stored result
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import storage
from core.data import datasets, importing
from core.data.dataset import Dataset
from core.progress import Progress, Report, silent

VERSION = 2  # increase it when the same images would give other rows
KIND = "odd-images"  # folder of the results
DARK, BRIGHT, PLAIN = 70, 225, 9  # grey values: the 99th and 5th percentile of an image, its standard deviation
BLURRED = 0.3  # of the dataset's median sharpness, since that depends on the size of the images
KINDS = {
    "dark": f"99 % of their pixels are darker than {DARK} of 255",
    "bright": f"95 % of their pixels are brighter than {BRIGHT} of 255",
    "plain": f"their grey values vary by less than {PLAIN} of 255 (standard deviation)",
    "blurred": f"less than {BLURRED:.0%} of the median sharpness: differences of neighbouring pixels in units of the "
    "image's variation".replace("%", " %"),
    "tiny": f"enlarged to {importing.TINY} times their size or more by the import",
    "cropped": f"{importing.CROPPED} times as long as wide or more: the import kept the square in the middle",
}
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_ROWS = 1024  # images at once


@dataclass(frozen=True)
class OddImages:
    """Row ids by kind, the most extreme first; a plain image is not called dark, bright or blurred."""

    rows: dict[str, list[int]]
    images: int

    @property
    def count(self) -> int:
        """How many images are odd in any way."""
        return len({row for rows in self.rows.values() for row in rows})


def find(dataset: Dataset) -> OddImages | None:
    """The stored result; None if there is none."""
    return storage.find(KIND, _key(dataset), _parse)


def search(name: str, report: Report = silent) -> OddImages:
    """Look at all images of a dataset; a stored result is returned at once.

    Raises:
        DatasetError: The dataset cannot be opened.
        Stopped: `report` raised it.
    """
    dataset = datasets.load(name)
    if stored := find(dataset):
        return stored
    result = of(dataset, report)
    storage.keep(KIND, _key(dataset), {"rows": result.rows, "images": result.images})
    return result


def of(dataset: Dataset, report: Report = silent) -> OddImages:
    """Look at all images of an open dataset. Raises Stopped from `report`."""
    total, parts = len(dataset.labels), []
    for start in range(0, total, _ROWS):
        report(Progress("images", start, total))
        parts.append(_measured(dataset.images[start : start + _ROWS]))
    dark, bright, variation, sharpness = (np.concatenate(column) for column in zip(*parts, strict=True))
    plain = variation < PLAIN
    usual = float(np.median(sharpness[~plain])) if not plain.all() else 0.0
    odd = {
        "dark": (dark < DARK, dark),
        "bright": (bright > BRIGHT, -bright),
        "plain": (plain, variation),
        "blurred": (sharpness < BLURRED * usual, sharpness),
    }
    rows = {}
    for kind, (which, order) in odd.items():
        which = which & ~plain if kind != "plain" else which
        rows[kind] = np.flatnonzero(which)[np.argsort(order[which], kind="stable")].tolist()
    return OddImages(rows | {kind: list(dataset.odd.get(kind, ())) for kind in ("tiny", "cropped")}, total)


def _measured(images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Grey values of images (n, s, s, 3) uint8: 99th and 5th percentile, standard deviation, sharpness; each (n,)."""
    grey = images.astype(np.float32) @ _GREY
    low, high = np.percentile(grey, [5, 99], axis=(1, 2))
    variation = grey.std(axis=(1, 2))
    inner = grey[:, 1:-1, 1:-1]
    laplacian = 4 * inner - grey[:, :-2, 1:-1] - grey[:, 2:, 1:-1] - grey[:, 1:-1, :-2] - grey[:, 1:-1, 2:]
    return high, low, variation, laplacian.std(axis=(1, 2)) / np.maximum(variation, 1)


def _key(dataset: Dataset) -> str:
    return storage.digest([VERSION, dataset.fingerprint])


def _parse(value: dict[str, Any]) -> OddImages:
    return OddImages({kind: list(value["rows"][kind]) for kind in KINDS}, value["images"])
