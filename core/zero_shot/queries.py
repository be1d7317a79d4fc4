"""The worker's side of the Zero-shot page: classify, compare and search images with a CLIP model.

Image features and text embeddings stay in the worker, so a changed word costs only one pass of a few texts and a
matrix product.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

import numpy as np

from core import neighbours
from core.data import datasets
from core.errors import ConfigError
from core.heads import Scaling
from core.progress import Report, silent
from core.zero_shot import classifier, encoder, prompts
from core.zero_shot.encoder import TextEncoder

NEAREST = 50


@dataclass(frozen=True)
class Scored:
    """The similarity of every image of a split to every class."""

    class_names: tuple[str, ...]
    rows: np.ndarray  # (n,) row ids
    labels: np.ndarray  # (n,)
    cosines: np.ndarray  # (n, k) float32
    scaling: Scaling  # the model's own
    cut: tuple[str, ...]  # prompts that were too long and were truncated
    seconds: float  # for texts and similarities


@dataclass(frozen=True)
class Compared:
    """Similarities of images and texts."""

    cosines: np.ndarray  # (n, k) float32
    scaling: Scaling
    cut: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Matches:
    """Images by similarity to a text or an image, most similar first."""

    rows: np.ndarray
    cosines: np.ndarray


def text_head(text: TextEncoder, names: Sequence[str], templates: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The direction (k, d) of each class, from its prompts, and the prompts that were truncated."""
    texts = prompts.fill(templates, names)
    embedded = text.embed(texts).reshape(len(names), len(templates), -1)
    return classifier.head(embedded), text.truncated(texts)


def score(model: str, dataset: str, split: str, names: Sequence[str], templates: Sequence[str]) -> Scored:
    """Compare every image of a split with every class.

    Raises:
        LabError: The model's weights or the dataset are not on this machine.
    """
    rows, labels, images = _images(model, dataset, split)
    _built(model, "text")
    began, text = perf_counter(), TextEncoder(model)
    texts, cut = text_head(text, names, templates)
    similarities = images @ texts.T
    seconds = perf_counter() - began
    return Scored(tuple(names), rows, labels, similarities, text.scaling, cut, seconds)


def compare(model: str, photos: Sequence[np.ndarray], texts: Sequence[str]) -> Compared:
    """Compare photos (h, w, 3) uint8 with texts, used unchanged."""
    _built(model)
    began, text = perf_counter(), TextEncoder(model)
    images = np.stack([encoder.embed_photo(model, photo) for photo in photos])
    similarities = classifier.cosines(images, text.embed(texts))
    return Compared(similarities, text.scaling, text.truncated(texts), perf_counter() - began)


def classify(model: str, photos: Sequence[np.ndarray], names: Sequence[str], templates: Sequence[str]) -> Compared:
    """Compare photos (h, w, 3) uint8 with classes, averaged over all templates."""
    _built(model)
    began, text = perf_counter(), TextEncoder(model)
    images = np.stack([encoder.embed_photo(model, photo) for photo in photos])
    texts, cut = text_head(text, names, templates)
    return Compared(classifier.cosines(images, texts), text.scaling, cut, perf_counter() - began)


def search(model: str, dataset: str, split: str, text: str, k: int = NEAREST) -> Matches:
    """The images of a split that are most similar to a text."""
    rows, _, images = _images(model, dataset, split)
    indices, similarities = classifier.nearest(images, TextEncoder(model).embed([text])[0], k)
    return Matches(rows[indices], similarities)


def alike(model: str, dataset: str, split: str, row: int, k: int = NEAREST) -> Matches:
    """The images of a split that are most similar to one of them, itself excluded.

    Raises:
        ConfigError: The image is not in that split.
    """
    rows, _, images = _images(model, dataset, split)
    matches = np.flatnonzero(rows == row)
    if not len(matches):
        raise ConfigError(f"Image {row} is not a {split} image of {dataset}", "a row id of that split")
    index = matches[0]
    indices, similarities = classifier.nearest(images, images[index], k + 1)
    others = indices != index
    return Matches(rows[indices[others]][:k], similarities[others][:k])


def prepare(model: str, dataset: str, split: str, report: Report = silent) -> None:
    """Load weights and compute image features, with progress, so that later queries are answered at once."""
    loaded = datasets.load(dataset)
    encoder.image_features(model, loaded, datasets.splits(loaded)[split], report)


def _images(model: str, dataset: str, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row ids, labels and unit features (n, d) of the images of a split."""
    return _cached_images(model, dataset, datasets.load(dataset).fingerprint, split)


@lru_cache(maxsize=4)
def _cached_images(model: str, dataset: str, fingerprint: str, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    loaded = datasets.load(dataset)
    rows = datasets.splits(loaded)[split]
    return rows, loaded.labels[rows], neighbours.unit(encoder.image_features(model, loaded, rows).values)


def _built(model: str, *towers: str) -> None:
    """Build towers, by default both, so that building them does not count towards a query's time."""
    for tower in towers or ("image", "text"):
        _run_once(model, tower)


@lru_cache(maxsize=8)
def _run_once(model: str, tower: str) -> None:
    if tower == "text":
        TextEncoder(model).embed(["a"])
    else:
        encoder.embed_photo(model, np.zeros((32, 32, 3), np.uint8))
