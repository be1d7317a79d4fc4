"""Images that occur twice: a test image that is also a training image tests memory, not recognition."""

import hashlib
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import cachetools
import numpy as np

from core import settings, storage
from core.data.dataset import Dataset

VERSION = 1  # increase it when the same images would give other groups
KIND = "duplicates"  # folder of the results
KEPT = 4  # datasets in memory


def find(dataset: Dataset) -> np.ndarray | None:
    """The stored `groups`; None if nobody has asked for them yet."""

    def parse(pairs: list[list[int]]) -> np.ndarray:
        first = np.arange(len(dataset.labels))
        for row, same in pairs:
            first[row] = same
        return first

    return storage.find(KIND, _key(dataset), parse)


@cachetools.cached(
    cachetools.LRUCache(KEPT), key=lambda dataset: (settings.home(), dataset.fingerprint), lock=threading.Lock()
)
def groups(dataset: Dataset) -> np.ndarray:
    """The first row with the same pixels as each row, (n,) int64: its own id if there is no earlier one."""
    if (stored := find(dataset)) is not None:
        return stored
    first = np.arange(len(dataset.images))
    rows: dict[int, list[int]] = {}  # checksum -> rows that differ in pixels
    for row, image in enumerate(dataset.images):
        known = rows.setdefault(zlib.crc32(np.ascontiguousarray(image).data), [])
        same = next((other for other in known if np.array_equal(dataset.images[other], image)), None)
        if same is None:
            known.append(row)
        else:
            first[row] = same
    copies = np.flatnonzero(first != np.arange(len(first)))
    with suppress(OSError):  # a full disk: they are found again the next time
        storage.keep(KIND, _key(dataset), [[int(row), int(first[row])] for row in copies])
    return first


def leaked(dataset: Dataset, test: np.ndarray, training: np.ndarray) -> np.ndarray:
    """The test rows with the same pixels as a training row."""
    first = groups(dataset)
    return test[np.isin(first[test], first[training])]


def digests(images: Iterable[np.ndarray]) -> Iterator[bytes]:
    """A digest of the pixels of each image (s, s, 3) uint8, to compare images of several datasets."""
    return (hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest() for image in images)


def warning(dataset: Dataset, rows: Mapping[str, np.ndarray]) -> str:
    """A sentence on test images that are also training images; "" if there are none.

    Args:
        rows: Row ids of "train", "val" and "test".
    """
    test, training = rows["test"], np.concatenate([rows["train"], rows["val"]])
    count = len(leaked(dataset, test, training))
    if not count:
        return ""
    which = "test image is also a training image" if count == 1 else "test images are also training images"
    return f"{count:,} of {len(test):,} {which}, pixel by pixel: the accuracy is too high for new images"


def _key(dataset: Dataset) -> str:
    return storage.digest([VERSION, dataset.fingerprint])
