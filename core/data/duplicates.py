"""Images that occur twice: a test image that is also a training image tests memory, not recognition."""

import zlib
from collections import OrderedDict

import numpy as np

from core.data.dataset import Dataset

KEPT = 4  # datasets


def groups(dataset: Dataset) -> np.ndarray:
    """For each row, the first row with the same pixels, (n,) int64: its own id where no earlier one has them."""
    if dataset.fingerprint not in _FIRST:
        _FIRST[dataset.fingerprint] = _first_rows(dataset.images)
        while len(_FIRST) > KEPT:
            _FIRST.popitem(last=False)
    return _FIRST[dataset.fingerprint]


def leaked(dataset: Dataset, test: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Those of the test rows whose pixels are also those of a training row."""
    first = groups(dataset)
    return test[np.isin(first[test], first[training])]


def warning(dataset: Dataset, test: np.ndarray, training: np.ndarray) -> str:
    """A sentence on test images that are also training images; "" if there are none."""
    count = len(leaked(dataset, test, training))
    if not count:
        return ""
    which = "test image is also a training image" if count == 1 else "test images are also training images"
    return f"{count:,} of {len(test):,} {which}, pixel by pixel: the accuracy is too high for new images"


def _first_rows(images: np.ndarray) -> np.ndarray:
    first = np.arange(len(images))
    rows: dict[int, list[int]] = {}  # checksum -> rows that differ in pixels
    for row, image in enumerate(images):
        known = rows.setdefault(zlib.crc32(np.ascontiguousarray(image).data), [])
        same = next((other for other in known if np.array_equal(images[other], image)), None)
        if same is None:
            known.append(row)
        else:
            first[row] = same
    return first


_FIRST: OrderedDict[str, np.ndarray] = OrderedDict()  # fingerprint -> groups of the datasets used last
