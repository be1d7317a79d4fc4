"""Datasets and samples of their rows, kept: a page needs the digests of a dozen sources at a time."""

from functools import lru_cache

import numpy as np

from core.data import dataset as stored
from core.data import datasets
from core.data.dataset import Dataset
from core.embeddings.source import Source


def rows(source: Source) -> np.ndarray:
    """Row ids (n,) int64 of the images of a source, ascending, without looking up its run.

    Raises:
        DatasetError: The dataset has fewer images than requested.
    """
    images = dataset(source.dataset)
    return chosen(images.name, images.fingerprint, source.images, source.n_images, source.seed)


def dataset(name: str) -> Dataset:
    """The dataset in its current version."""
    if name == datasets.SAMPLE:  # it never changes, and unpacking it takes 50 ms
        return _opened(name, "")
    return _opened(name, stored.about(name)["fingerprint"]) if name in stored.names() else datasets.load(name)


@lru_cache(maxsize=32)
def chosen(name: str, fingerprint: str, images: str, n_images: int, seed: int) -> np.ndarray:
    """Row ids (n,) int64, ascending, as a read-only array."""
    own = dataset(name)
    chosen = datasets.splits(own)[images] if images != "all" else np.arange(len(own.images))
    if n_images:
        chosen = datasets.subsample(chosen, own.labels[chosen], n_images, seed=seed)
    rows = np.sort(chosen).astype(np.int64)
    rows.flags.writeable = False
    return rows


@lru_cache(maxsize=2)
def _opened(name: str, fingerprint: str) -> Dataset:
    return datasets.load(name)
