"""Datasets by name: the shipped CIFAR-10 sample, CIFAR-10, CIFAR-100, and imported folders or zips of images."""

import difflib
import hashlib
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core import settings
from core.data import cifar, folders, images, layout, png
from core.data import dataset as stored
from core.data import splits as cuts
from core.data.dataset import Dataset, Row
from core.data.layout import Picture
from core.data.splits import subsample
from core.errors import DatasetError
from core.progress import Progress, Report, silent

__all__ = [
    "Dataset",
    "Summary",
    "available",
    "delete",
    "fetch",
    "import_images",
    "load",
    "rename",
    "splits",
    "subsample",
]

SAMPLE = "cifar10-sample"
SIZES = (32, 256)  # pixels: no backbone takes less, few use more, and 10,000 images of 256 px already take 2 GB
THREADS = min(4, os.cpu_count() or 1)  # Pillow releases the GIL while decoding
BATCH = 64  # images waiting in memory

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Summary:
    """A dataset in the list of available ones."""

    name: str
    title: str
    state: str  # "ready"; "download": fetch() has to get it first; "broken": it can only be deleted
    images: int
    classes: int


def available() -> list[Summary]:
    """The shipped sample, CIFAR-10 and CIFAR-100, then the imported datasets."""
    imported = [name for name in stored.names() if name not in cifar.CIFAR]
    return [Summary(SAMPLE, "CIFAR-10 sample", "ready", 2_500, 10), *map(_summary, [*cifar.CIFAR, *imported])]


def load(name: str) -> Dataset:
    """Open a dataset that is on this machine; never downloads.

    Raises:
        DatasetError: It is unknown, not downloaded yet, or damaged.
    """
    if name == SAMPLE:
        return _sample()
    if name in stored.names():
        return stored.read(name)
    if name in cifar.CIFAR and _npz(name).is_file():
        return _store_cifar(name, _npz(name), silent)
    if name in cifar.CIFAR:
        raise DatasetError(
            f"{cifar.CIFAR[name].title} is not on this machine",
            "",
            f"Download it, or put an .npz file with the arrays x_train, y_train, x_test, y_test at {_npz(name)}",
        )
    names = [summary.name for summary in available()]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names
    raise DatasetError(f"There is no dataset {name!r}", "one of " + ", ".join(close))


def fetch(name: str, report: Report = silent) -> Dataset:
    """Open a dataset, downloading CIFAR-10 or CIFAR-100 first if necessary (which imports Keras).

    Raises:
        DatasetError: As `load`; without network access the message says which file to put where.
    """
    if name in stored.names() or name not in cifar.CIFAR:
        return load(name)
    return _store_cifar(name, _npz(name), report)


def import_images(path: str | Path, *, name: str | None = None, report: Report = silent) -> Dataset:
    """Import a folder or zip of `class_name/*.jpg`, optionally below train/, val/ and test/.

    Images are cropped square and resized to the median of their shorter sides. Unreadable files are listed in
    `skipped`. Importing the same content again changes nothing.

    Args:
        path: The folder or zip.
        name: By default the name of the folder or zip.
        report: Receives the number of images done.

    Raises:
        DatasetError: There are no classes, too few images for a split, an unsafe zip, or a name that is taken.
            Nothing is kept.
    """
    path = Path(path).expanduser()
    with folders.open_tree(path) as tree:
        title = name or tree.name
        name = _slug(title)
        found = layout.arrange(tree)
        pictures, class_names, skipped = found.pictures, found.class_names, list(found.skipped)

        # Two passes over the files: first mostly the headers, to choose size and range; then the pixels.
        def measure(picture: Picture) -> images.Measures:
            return images.measure(tree.read(picture.path), name=picture.path)

        measured = dict(_readable(_reported(_in_threads(pictures, measure), 0, report), skipped))
        _check(measured, class_names, skipped)
        size = int(np.clip(np.median([measures.side for measures in measured.values()]), *SIZES))
        peak = max((measures.peak for measures in measured.values() if measures.peak is not None), default=None)
        white = None if peak is None else png.white(peak)

        def pixels(picture: Picture) -> np.ndarray:
            image = images.decode(tree.read(picture.path), name=picture.path, enough=size, white=white)
            return images.square(image, size)

        def rows() -> Iterator[Row]:
            kept = []
            results = _reported(_in_threads(list(measured), pixels), len(measured), report)
            for picture, image in _readable(results, skipped):
                kept.append(picture)
                yield image, picture.label, picture.official, picture.path
            _check(kept, class_names, skipped)

        metadata = {
            "title": title,
            "class_names": class_names,
            "source": f"Imported from {path.name}",
            "licence": "Not stated",
            "skipped": skipped,
            "notes": [*tree.notes, *found.notes, *_range(peak, white)],
        }
        return stored.write(name, rows(), metadata=metadata)


def delete(name: str) -> None:
    """Remove a dataset from the home folder; an .npz file that the user put there stays.

    Raises:
        DatasetError: There is no such dataset, or it is the shipped one.
    """
    if name not in stored.names():
        raise DatasetError(f"There is no dataset {name!r} to delete", "a downloaded or imported dataset")
    stored.delete(name)


def rename(name: str, title: str) -> str:
    """Give an imported dataset another title, and the name that follows from it; returns that name.

    Runs remember a dataset by its name: those of the old one no longer find its images.

    Raises:
        DatasetError: There is no such dataset, it is built in, or the new name is taken.
    """
    if name not in stored.names() or name in cifar.CIFAR:
        raise DatasetError(f"There is no dataset {name!r} to rename", "an imported dataset")
    new = _slug(title)
    if new != name:
        stored.rename(name, new, title=title)
    return new


def splits(dataset: Dataset, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Ascending row ids `int64` of train, val, test, probe20 and finetune80; see `core.data.splits`."""
    return cuts.named(dataset.labels, dataset.official, seed=seed)


def _summary(name: str) -> Summary:
    if name in stored.names():
        try:
            about = stored.about(name)
        except DatasetError:
            return Summary(name, name, "broken", 0, 0)
        return Summary(name, about["title"], "ready", about["shape"][0], len(about["class_names"]))
    known = cifar.CIFAR[name]
    state = "ready" if _npz(name).is_file() else "download"
    return Summary(name, known.title, state, known.images, len(known.class_names))


def _npz(name: str) -> Path:
    return stored.root() / f"{name}.npz"


def _slug(title: str) -> str:
    name = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", title).casefold()).strip("-_")[:60]
    if not name:
        raise DatasetError(f"{title!r} cannot be the name of a dataset", "a name with letters or digits")
    if name in (SAMPLE, *cifar.CIFAR):
        raise DatasetError(f"The name {name!r} is taken by a built-in dataset", "another name")
    return name


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


def _reported(items: Iterable[Item], total: int, report: Report) -> Iterator[Item]:
    """Pass items on and report their number, at most every 0.2 s."""
    started = reported = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - reported > 0.2 or done == total:
            rate = done / max(now - started, 1e-6)
            report(Progress("load", done, total, "images", rate, (total - done) / rate if total else None))
            reported = now


def _sample() -> Dataset:
    arrays = cifar.read(settings.ASSETS / "cifar10_sample.npz", classes=10)
    pixels, labels, official, files = (np.array(column) for column in zip(*_cifar_rows(arrays), strict=True))
    names = cifar.CIFAR["cifar10"].class_names
    return Dataset(
        name=SAMPLE,
        title="CIFAR-10 sample",
        images=pixels,
        labels=labels,
        class_names=names,
        official=official,
        files=files,
        fingerprint=stored.fingerprint(hashlib.sha256(pixels.data).hexdigest(), labels, official, names),
        source=cifar.SOURCE,
        licence=cifar.LICENCE,
        skipped=(),
    )


def _store_cifar(name: str, npz: Path, report: Report) -> Dataset:
    known = cifar.CIFAR[name]
    if npz.is_file():
        arrays = cifar.read(npz, classes=len(known.class_names))
    else:
        arrays = cifar.download(name, npz, report=report)
    metadata: dict[str, Any] = {
        "title": known.title,
        "class_names": known.class_names,
        "source": cifar.SOURCE,
        "licence": cifar.LICENCE,
        "skipped": (),
    }
    labels = np.concatenate([arrays.y_train, arrays.y_test])
    official = np.repeat(["train", "test"], [len(arrays.y_train), len(arrays.y_test)])
    cuts.check(labels, official, known.class_names)
    return stored.write(name, _reported(_cifar_rows(arrays), len(labels), report), metadata=metadata)


def _cifar_rows(arrays: cifar.Arrays) -> Iterator[Row]:
    for part, x, y in (("train", arrays.x_train, arrays.y_train), ("test", arrays.x_test, arrays.y_test)):
        for index, (image, label) in enumerate(zip(x, y, strict=True)):
            yield image, int(label), part, f"{part}/{index:05d}"
