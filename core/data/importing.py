"""Folders and zips of images become datasets, in two passes over their files: first the sizes, then the pixels."""

import itertools
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from core import settings, storage
from core.data import cifar, flawed, folders, images, layout, memory, png, shortcut
from core.data import dataset as stored
from core.data import splits as cuts
from core.data.dataset import Dataset, Row
from core.data.folders import Tree
from core.data.layout import Picture
from core.errors import DatasetError
from core.progress import Progress, Report, silent

SIZES = (32, 256)  # pixels: no backbone takes less, few use more, and 10,000 images of 256 px already take 2 GB
TINY = 2  # times: an image that is enlarged by as much is blurred
CROPPED = 2  # times as long as wide: an image of which half or more is cut off
THREADS = min(4, os.cpu_count() or 1)  # Pillow releases the GIL while decoding
BATCH = 64  # images waiting in memory
HEADER = 256_000  # bytes of a file that nearly always hold the header of its image
LONGEST = 60  # characters of a name

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Imported:
    """The dataset that was imported, without its pixels."""

    name: str
    title: str
    images: int
    skipped: int  # files
    known: bool  # whether the same images were here already, under this name


@dataclass(frozen=True)
class Measured:
    """What the first pass finds of an image."""

    side: int  # the shorter one, in pixels
    longer: int
    memory: int  # bytes that it and its file take until it is small
    peak: int | None = None  # the largest value of 16 bits; None for images of 8


def perform(path: str, *, source: str = "", report: Report = silent) -> Imported:
    """`import_images`, for other processes."""
    before = stored.names()
    dataset = import_images(path, source=source, report=report)
    known = dataset.name in before
    return Imported(dataset.name, dataset.title, len(dataset.labels), len(dataset.skipped), known)


def import_images(path: str | Path, *, name: str | None = None, source: str = "", report: Report = silent) -> Dataset:
    """Import a folder or zip of `class_name/*.jpg`, optionally below train/, val/ and test/.

    Images are cropped square and resized to the median of their shorter sides. Unreadable files are listed in
    `skipped`. Importing the same content again changes nothing.

    Args:
        path: The folder or zip.
        name: By default the name of the folder or zip, with a number if other images have it: photos, photos-2.
        source: Where they come from; by default the folder or zip.
        report: Receives the number of images done.

    Raises:
        AccessError: A learner would have too many images.
        DatasetError: There are no classes, too few images for a split, an unsafe zip, too little room on the disk, or
            the given name is taken. Nothing is kept.
    """
    path = settings.expanded(path)
    with folders.open_tree(path) as tree:
        names = numbered(tree.name) if name is None else [(slug(name), name)]
        arranged = layout.arrange(tree)
        pictures, class_names, skipped = arranged.pictures, arranged.class_names, list(arranged.skipped)

        # Two passes over the files: first mostly the headers, to choose size and range; then the pixels.
        def measure(picture: Picture) -> Measured:
            return _measure(tree, picture.path)

        results = reported(_in_threads(pictures, measure), len(pictures), "measure", report)
        measured = dict(_readable(results, skipped))
        _check(measured, class_names, skipped)
        size = int(np.clip(np.median([measures.side for measures in measured.values()]), *SIZES))
        stored.check_share(len(measured), size)
        stored.check_room(len(measured) * size * size * 3, f"The dataset of {path.name}")
        peak = max((measures.peak for measures in measured.values() if measures.peak is not None), default=None)
        white = None if peak is None else png.white(peak)

        def pixels(picture: Picture) -> np.ndarray:
            with memory.budget.taken(measured[picture].memory, picture.path):
                return images.decode_square(tree.read(picture.path), size, name=picture.path, white=white)

        odd: dict[str, list[int]] = {}

        def rows() -> Iterator[Row]:
            kept = []
            results = reported(_in_threads(list(measured), pixels), len(measured), "import", report)
            for picture, image in _readable(results, skipped):
                kept.append(picture)
                yield image, picture.label, picture.official, picture.path
            _check(kept, class_names, skipped)
            odd.update(_odd([measured[picture] for picture in kept], size))

        metadata = {
            "class_names": class_names,
            "source": source or f"Imported from {path.name}",
            "licence": "Not stated",
            "skipped": skipped,
            "odd": odd,
            "notes": [*tree.notes, *arranged.notes, *_range(peak, white)],
        }
        return stored.write(names, rows(), metadata=metadata)


def slug(title: str) -> str:
    """The name of a dataset with this title. Raises DatasetError if there is none, or it is taken."""
    name = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", title).casefold()).strip("-_")[:LONGEST]
    if not name:
        raise DatasetError(f"{title!r} cannot be the name of a dataset", "a name with letters or digits")
    if storage.DEVICE.match(name):
        raise DatasetError(f"{title!r} cannot be the name of a dataset: it is a device on Windows", "another name")
    if name in (cifar.SAMPLE, flawed.NAME, shortcut.NAME, *cifar.CIFAR):
        raise DatasetError(f"The name {name!r} is taken by a built-in dataset", "another name")
    return name


def reported(items: Iterable[Item], total: int, stage: str, report: Report) -> Iterator[Item]:
    """Pass images on and report their number, at most every 0.2 s."""
    started = reported = time.monotonic()
    done = 0
    report(Progress(stage, done, total))
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - reported > 0.2 or done == total:
            rate = done / max(now - started, 1e-6)
            report(Progress(stage, done, total, "images", rate, (total - done) / rate))
            reported = now


def _measure(tree: Tree, path: str) -> Measured:
    size = tree.sizes[path]
    try:
        header = images.measure(tree.read(path, HEADER), name=path, enough=SIZES[1])
    except DatasetError:
        if size <= HEADER:
            raise
        with memory.budget.taken(size, path):
            header = images.measure(tree.read(path), name=path, enough=SIZES[1])
    needed = header.memory + size
    memory.check(needed, path)
    if not header.sixteen_bits:
        return Measured(header.side, header.longer, needed)
    with memory.budget.taken(needed, path):
        return Measured(header.side, header.longer, needed, images.peak(tree.read(path), name=path))


def numbered(title: str) -> Iterator[tuple[str, str]]:
    """Names and titles for a dataset: photos and photos, photos-2 and photos 2, and so on."""
    first = slug(title)
    yield first, title
    for number in itertools.count(2):
        ending = f"-{number}"
        yield first[: LONGEST - len(ending)] + ending, f"{title} {number}"


def _odd(measured: Sequence[Measured], size: int) -> dict[str, list[int]]:
    """Rows of the images that are enlarged to this size by `TINY` or more, and of those that are cropped by much."""
    enlarged = np.array([size / measures.side for measures in measured])
    length = np.array([measures.longer / measures.side for measures in measured])
    return {
        kind: [int(row) for row in np.argsort(-values, kind="stable") if values[row] >= least]
        for kind, values, least in (("tiny", enlarged, TINY), ("cropped", length, CROPPED))
    }


def _range(peak: int | None, white: int | None) -> list[str]:
    """A note on images of 16 bits that use fewer."""
    if peak is None or white is None or white == 65_535:
        return []
    bits = white.bit_length()
    return [f"The values of 16-bit images end at {peak:,} of 65,535: read as {bits} bits, so that {white:,} is white."]


def _check(pictures: Iterable[Picture], class_names: Sequence[str], skipped: Sequence[str]) -> None:
    labels = np.array([picture.label for picture in pictures], np.int64)
    official = np.array([picture.official for picture in pictures], str)
    try:
        cuts.check(labels, official, class_names)
    except DatasetError as error:
        if not skipped:
            raise
        note = f"{len(skipped)} skipped, the first is {skipped[0]}"
        raise DatasetError(f"{error.received} ({note})", error.expected, error.remedy) from error


def _in_threads(
    pictures: Sequence[Picture], work: Callable[[Picture], Result]
) -> Iterator[tuple[Picture, Result | DatasetError]]:
    """Do the work in threads; results arrive in order, a batch at a time."""

    def attempt(picture: Picture) -> Result | DatasetError:
        try:
            return work(picture)
        except DatasetError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(pictures), BATCH):
            batch = pictures[start : start + BATCH]
            yield from zip(batch, pool.map(attempt, batch), strict=True)


def _readable(
    results: Iterable[tuple[Picture, Result | DatasetError]], skipped: list[str]
) -> Iterator[tuple[Picture, Result]]:
    for picture, result in results:
        if isinstance(result, DatasetError):
            skipped.append(result.received)
        else:
            yield picture, result
