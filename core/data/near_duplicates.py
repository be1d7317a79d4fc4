"""Near-duplicates: the same photo twice, mirrored, rotated by quarter turns, shifted, recompressed or resized.

What is compared are the details of images: their grey values at 32 pixels, less a blur. For each image, as it is,
mirrored, and rotated by 90 degrees, the other one with the most similar amplitude spectrum is found, since neither a
shift nor a half turn changes that spectrum. Their agreement is the correlation of their details at the best shift and
the better half turn. After Barz and Denzler, 2020 (ciFAIR, https://arxiv.org/abs/1902.00423), who judged by features
and by eye.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from core import storage
from core.data import datasets
from core.data.dataset import Dataset
from core.errors import DatasetError
from core.progress import Progress, Report, silent

VERSION = 2  # increase it when the same images would give other pairs
KIND = "near-duplicates"  # folder of the results
THRESHOLD = 0.8  # agreement from which two images are called the same photo
MIN_THRESHOLD = 0.6  # agreement of pairs that are kept, for people to judge
ROTATED_THRESHOLD = 0.95  # of rotated pairs: silhouettes before a plain sky agree at 0.8 in some orientation

_SIDE = 32  # pixels of the images that are compared
_BLUR = 2  # radius in pixels; what it keeps is no detail
_SHIFT = 6  # pixels tried in each direction
_LOW = 8  # frequencies of the spectrum that are compared, of 16
_ROWS = 512  # images at once


@dataclass(frozen=True)
class Pair:
    """Two images of a dataset and how far their details agree."""

    row: int
    twin: int
    agreement: float  # correlation of the details, at most 1
    mirrored: bool = False  # the image is its twin's mirror image
    rotated: int = 0  # degrees, in either direction: 0, 90 or 180

    @property
    def change(self) -> str:
        """What was done to one of them besides a shift: "mirrored and rotated by 90°"; "" if nothing."""
        changes = ["mirrored"] if self.mirrored else []
        changes += [f"rotated by {self.rotated}°"] if self.rotated else []
        return " and ".join(changes)


@dataclass(frozen=True)
class NearDuplicates:
    """The pairs of a dataset, those that agree most first."""

    leaks: list[Pair]  # row: a test image, twin: the training or validation image that is most like it
    within: list[Pair]  # both in the test split, or both in training or validation
    n_test: int

    def leaked(self, least: float = THRESHOLD, *, training: np.ndarray | None = None) -> np.ndarray:
        """Ascending row ids `int64` of the test images that are nearly training or validation images.

        Args:
            training: Only the training and validation images of these row ids; None: all.
        """
        leaks = [pair for pair in self.leaks if pair.agreement >= least]
        if training is not None:
            alike: defaultdict[int, set[int]] = defaultdict(set)  # of a training image others that are nearly the same
            for pair in self.within:
                if pair.agreement >= least:
                    alike[pair.row].add(pair.twin)
                    alike[pair.twin].add(pair.row)
            learned = set(training.tolist())
            leaks = [pair for pair in leaks if learned & {pair.twin, *alike[pair.twin]}]
        return np.array(sorted({pair.row for pair in leaks}), np.int64)

    def summary(self, least: float = THRESHOLD) -> str:
        """How many test images are nearly training or validation images: a sentence without its full stop."""
        return sentence(len(self.leaked(least)), self.n_test)


def sentence(count: int, n_test: int) -> str:
    """How many of the test images are nearly training or validation images, without a full stop."""
    if not count:
        return f"None of the {n_test:,} test images is nearly a training image"
    are = "is nearly a training image" if count == 1 else "are nearly training images"
    return f"{count:,} of the {n_test:,} test images {are} ({100 * count / n_test:.1f} %)"


def find(dataset: Dataset) -> NearDuplicates | None:
    """The stored result; None if there is none."""
    return storage.find(KIND, _key(dataset), parse)


def search(name: str, report: Report = silent) -> NearDuplicates:
    """Compare all images of a dataset's splits; a stored result is returned at once.

    Raises:
        DatasetError: The dataset cannot be opened.
        Stopped: `report` raised it.
    """
    dataset = datasets.load(name)
    if stored := find(dataset):
        return stored
    result = of(dataset, report)
    storage.keep(KIND, _key(dataset), asdict(result))
    return result


def of(dataset: Dataset, report: Report = silent) -> NearDuplicates:
    """Compare all images of an open dataset; plain ones have no details and no pairs. Raises Stopped from `report`."""
    splits = datasets.splits(dataset)
    test, training = splits["test"], np.concatenate([splits["train"], splits["val"]])
    details = _details(dataset.images, report=report)
    jobs = ((test, training), (test, test), (training, training))
    total, done = sum(len(rows) for rows, _ in jobs), 0
    pairs: list[list[Pair]] = []
    for rows, others in jobs:
        pairs.append([])
        for count, agreeing in _pairs(details, rows, others):
            pairs[-1] += agreeing
            done += count
            report(Progress("duplicates", done, total))
    leaks = _unique(pairs[0], lambda pair: pair.row)
    within = _unique(pairs[1] + pairs[2], lambda pair: frozenset((pair.row, pair.twin)))
    return NearDuplicates(leaks, within, len(test))


def shared(images: np.ndarray, others: np.ndarray, report: Report = silent) -> np.ndarray:
    """Ascending indices `int64` of the images that are nearly one of the others.

    Args:
        images: (n, s, s, 3) uint8.
        others: (m, t, t, 3) uint8.

    Raises:
        Stopped: `report` raised it.
    """
    details = _details(images, others, report=report)
    rows, twins = np.arange(len(images)), np.arange(len(images), len(details))
    shared_rows: set[int] = set()
    done = 0
    for count, agreeing in _pairs(details, rows, twins):
        shared_rows.update(pair.row for pair in agreeing if pair.agreement >= THRESHOLD)
        done += count
        report(Progress("duplicates", done, len(images)))
    return np.array(sorted(shared_rows), np.int64)


def parse(value: dict[str, Any]) -> NearDuplicates:
    """A result as it was kept."""
    pairs = {part: [Pair(**pair) for pair in value[part]] for part in ("leaks", "within")}
    return NearDuplicates(**pairs, n_test=value["n_test"])


def clean(name: str, leaked: Sequence[int], report: Report = silent) -> Dataset:
    """Store a copy of a dataset whose test split lacks these images, which are nearly training or validation images.

    Its splits are the official ones of the copy; the dataset stays as it is.

    Raises:
        DatasetError: It cannot be opened, nothing is to be left out, no test image of some class would remain, or the
            disk is full.
        Stopped: `report` raised it; nothing is kept.
    """
    dataset = datasets.load(name)
    if not leaked:
        what = f"No near-duplicates are known among the test images of {dataset.title!r}"
        raise DatasetError(what, "", "Search for near-duplicates first")
    note = f"Left out of {dataset.title}: {sentence(len(leaked), len(datasets.splits(dataset)['test']))}."
    kept = np.setdiff1d(np.arange(len(dataset.labels)), leaked)
    return datasets.copy(dataset, f"{dataset.title} clean", kept=kept, note=note, report=report)


def _details(*parts: np.ndarray, report: Report) -> np.ndarray:
    """The details (n, 32, 32) float32 of images in parts (m, s, s, 3) uint8: mean 0, length 1, fading to the edges."""
    details = np.empty((sum(map(len, parts)), _SIDE, _SIDE), np.float32)
    done = 0
    for images in parts:
        for start in range(0, len(images), _ROWS):
            report(Progress("duplicates", done, len(details)))
            chunk = images[start : start + _ROWS]
            details[done : done + len(chunk)] = _details_of_chunk(chunk)
            done += len(chunk)
    return details


def _details_of_chunk(images: np.ndarray) -> np.ndarray:
    from scipy.ndimage import uniform_filter

    if images.shape[1] != _SIDE:
        size = (_SIDE, _SIDE)
        images = np.stack([np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX)) for image in images])
    grey = images.mean(axis=3, dtype=np.float32)
    grey -= uniform_filter(grey, 2 * _BLUR + 1, mode="nearest", axes=(1, 2))
    fade = np.hanning(_SIDE + 2)[1:-1].astype(np.float32)
    return _normalised((grey * np.outer(fade, fade)).reshape(len(grey), -1)).reshape(grey.shape)


def _pairs(details: np.ndarray, rows: np.ndarray, others: np.ndarray) -> Iterator[tuple[int, list[Pair]]]:
    """For chunks of rows: how many they are, and which agree with the other image that is most like each."""
    spectra = np.concatenate([_spectra(details[others[i : i + _ROWS]]) for i in range(0, len(others), _ROWS)])
    for start in range(0, len(rows), _ROWS):
        chunk = rows[start : start + _ROWS]
        own, pairs = chunk[:, None] == others, []
        for mirrored, turns in itertools.product((False, True), (0, 1)):
            alike = _spectra(_oriented(details[chunk], mirrored, turns)) @ spectra.T
            alike[own] = -2  # an image is not its own duplicate
            twins = others[alike.argmax(axis=1)]
            for half in (0, 2):  # the spectra of an image and of its half turn are the same
                pairs += _agreeing(details, chunk, twins, mirrored, turns + half)
        yield len(chunk), pairs


def _oriented(details: np.ndarray, mirrored: bool, turns: int) -> np.ndarray:
    """Details (n, 32, 32), mirrored or not, then rotated anticlockwise by a number of quarter turns."""
    return np.rot90(details[:, :, ::-1] if mirrored else details, turns, axes=(1, 2))


def _spectra(details: np.ndarray) -> np.ndarray:
    """Low frequencies of the amplitude spectrum, (n, 153) float32, mean 0 and length 1, so that products correlate."""
    amplitudes = np.abs(np.fft.rfft2(details))[:, :, : _LOW + 1]
    low = np.concatenate([amplitudes[:, : _LOW + 1], amplitudes[:, -_LOW:]], axis=1)
    return _normalised(np.sqrt(low).reshape(len(details), -1))


def _agreeing(details: np.ndarray, rows: np.ndarray, twins: np.ndarray, mirrored: bool, turns: int) -> list[Pair]:
    """The pairs whose details agree at the best shift, in this orientation of the rows."""
    first = _oriented(details[rows], mirrored, turns)
    size = (_SIDE + _SHIFT, _SIDE + _SHIFT)  # so that nothing wraps around
    product = np.fft.rfft2(first, size).conj() * np.fft.rfft2(details[twins], size)
    shifts = np.roll(np.fft.irfft2(product, size), (_SHIFT, _SHIFT), axis=(1, 2))
    best = shifts[:, : 2 * _SHIFT + 1, : 2 * _SHIFT + 1].max(axis=(1, 2))
    least = ROTATED_THRESHOLD if turns else MIN_THRESHOLD
    return [
        Pair(int(rows[i]), int(twins[i]), round(min(float(best[i]), 1.0), 4), mirrored, 90 * min(turns, 4 - turns))
        for i in np.flatnonzero(best >= least)
    ]


def _normalised(vectors: np.ndarray) -> np.ndarray:
    """Vectors less their mean, of length 1; those of plain images are 0."""
    vectors = vectors - vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-3)


def _unique(pairs: list[Pair], key: Callable[[Pair], Hashable]) -> list[Pair]:
    """The pair of each key whose details agree most; those that agree most come first."""
    best: dict[Hashable, Pair] = {}
    for pair in sorted(pairs, key=lambda pair: (-pair.agreement, pair.row, pair.twin, pair.mirrored, pair.rotated)):
        best.setdefault(key(pair), pair)
    return list(best.values())


def _key(dataset: Dataset) -> str:
    return storage.digest([VERSION, dataset.fingerprint])
