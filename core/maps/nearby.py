"""The nearest images of an image, and the position of a new photo on a map.

Runs in the worker; vectors stay in memory between queries, because one query is usually followed by another.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core import embeddings, neighbours
from core.data import images
from core.embeddings import Resolved, Source
from core.errors import MapError
from core.maps import pipeline
from core.maps.config import MapConfig

KEPT = 2  # sources in memory; 60,000 x 1,280 numbers take 300 MB

_READING = threading.Lock()  # concurrent queries usually need the same vectors, which are then read once


@dataclass(frozen=True)
class Near:
    """The nearest images, nearest first."""

    rows: np.ndarray  # (k,) int64
    distances: np.ndarray  # (k,) float32, in the space of the vectors
    position: np.ndarray | None = None  # (dims,) float32 of a photo on its map


def of_image(source: Source, row: int, *, k: int = 8, metric: str = "euclidean") -> Near:
    """The source's images nearest to one of them, itself excluded.

    Raises:
        MapError: The image does not belong to the source, or the vectors are no longer cached.
    """
    rows, values = _values(embeddings.resolve(source))
    index = int(np.searchsorted(rows, row))
    if index == len(rows) or rows[index] != row:
        raise MapError(f"Image {row} is not on this map", "one of its images")
    indices, distances = neighbours.nearest(values, values[index : index + 1], min(k + 1, len(rows)), metric)
    others = indices[0] != index  # an identical image may come before the image itself
    return Near(rows[indices[0][others]][:k], distances[0][others][:k])


def of_photo(config: MapConfig, photo: bytes, *, k: int = 8) -> Near:
    """The position of a photo (the bytes of its file) on an existing map, and the map's images nearest to it.

    The photo is cropped square and reduced to the size of the map's images, so that the network sees it as it saw them.

    Raises:
        LabError: The map or its vectors no longer exist.
    """
    source = embeddings.resolve(config.source)
    size = source.dataset.images.shape[1]
    picture = images.square(images.decode(photo, name="the photo", enough=size), size)
    vector = source.of_pictures(picture[None])  # (1, d)
    rows, values = _values(source)
    indices, distances = neighbours.nearest(values, vector, min(k, len(rows)), config.metric)
    return Near(rows[indices[0]], distances[0], pipeline.place(pipeline.key_of(config, source.digest), vector)[0])


def _values(source: Resolved) -> tuple[np.ndarray, np.ndarray]:
    """Row ids (n,) and vectors (n, d); only read, never computed, because computing could not be stopped here."""
    with _READING:
        return _read(source.source, source.digest)


@lru_cache(maxsize=KEPT)
def _read(source: Source, digest: str) -> tuple[np.ndarray, np.ndarray]:
    resolved = embeddings.resolve(source)
    if missing := resolved.missing:
        raise MapError(f"The features of {missing:,} of these images are no longer cached", "", "Compute them again")
    features = resolved.values()
    return features.rows, features.values
