"""What is near an image: its nearest neighbours among the vectors of a source, and where a photo belongs on a map.

Worker side: vectors stay in memory between two questions, since whoever asks once asks again.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core import embeddings, neighbours
from core.data import datasets, images
from core.embeddings import Source
from core.errors import MapError
from core.maps import pipeline
from core.maps.pipeline import MapConfig

KEPT = 2  # sources in memory: 60,000 x 1,280 numbers are 300 MB

_READING = threading.Lock()  # two questions at once are about the same vectors


@dataclass(frozen=True)
class Near:
    """The nearest images, the nearest first."""

    rows: np.ndarray  # (k,) int64
    distances: np.ndarray  # (k,) float32, in the space of the vectors
    position: np.ndarray | None = None  # (dims,) float32 of a photo on its map


def of_image(source: Source, row: int, *, k: int = 8, metric: str = "euclidean") -> Near:
    """The nearest of the source's other images.

    Raises:
        MapError: The image is none of the source's, or the vectors are not in the cache any more.
    """
    rows, values = _values(source)
    place = int(np.searchsorted(rows, row))
    if place == len(rows) or rows[place] != row:
        raise MapError(f"Image {row} is not on this map", "one of its images", "Choose another")
    found, distances = neighbours.nearest(values, values[place : place + 1], min(k + 1, len(rows)), metric)
    others = found[0] != place  # an identical image may come before itself
    return Near(rows[found[0][others]][:k], distances[0][others][:k])


def of_photo(config: MapConfig, photo: bytes, *, k: int = 8) -> Near:
    """Where a photo (the bytes of its file) belongs on a map that is drawn, and the map's images nearest to it.

    It is cut square and made as small as the map's images, so that the network sees it as it saw them.

    Raises:
        LabError: The map or its vectors are not there any more.
    """
    size = datasets.load(config.source.dataset).images.shape[1]
    picture = images.square(images.decode(photo, name="the photo", enough=size), size)
    vector = embeddings.of_pictures(config.source, picture[None])  # (1, d)
    rows, values = _values(config.source)
    found, distances = neighbours.nearest(values, vector, min(k, len(rows)), config.metric)
    return Near(rows[found[0]], distances[0], pipeline.place(pipeline.key(config), vector)[0])


def _values(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Row ids (n,) and vectors (n, d); they are not computed, since nobody could stop that."""
    with _READING:
        return _read(source, embeddings.digest(source))


@lru_cache(maxsize=KEPT)
def _read(source: Source, digest: str) -> tuple[np.ndarray, np.ndarray]:
    missing = embeddings.missing(source)
    if missing:
        raise MapError(
            f"The features of {missing:,} of these images are not in the cache any more", "", "Compute them again"
        )
    found = embeddings.values(source)
    return found.rows, found.values
