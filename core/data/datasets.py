"""Datasets by name: the shipped CIFAR-10 sample, CIFAR-10, CIFAR-100, and imported folders or zips of images."""

import difflib
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import people, settings
from core.data import cifar, class_photos, flawed, importing, shortcut
from core.data import dataset as stored
from core.data import splits as cuts
from core.data.cifar import SAMPLE
from core.data.dataset import Dataset, Row
from core.data.flawed import NAME as FLAWED
from core.data.importing import import_images
from core.data.shortcut import NAME as SHORTCUT
from core.data.splits import subsample
from core.errors import DatasetError
from core.progress import Report, silent

__all__ = [
    "FLAWED",
    "SAMPLE",
    "SHORTCUT",
    "Dataset",
    "Summary",
    "available",
    "copy",
    "delete",
    "fetch",
    "import_images",
    "load",
    "rename",
    "splits",
    "subsample",
]

CHANGED = {FLAWED: flawed, SHORTCUT: shortcut}  # copies of the sample, made for lessons


@dataclass(frozen=True)
class Summary:
    """A dataset in the list of available ones."""

    name: str
    title: str
    state: str  # "ready"; "download": fetch() has to get it first; "broken": it can only be deleted
    images: int
    classes: int
    person: str = people.LECTURER  # whose it is


def available() -> list[Summary]:
    """The shipped sample and its changed copies, CIFAR-10 and CIFAR-100, then the imported datasets."""
    imported = [name for name in stored.names() if name not in (*CHANGED, *cifar.CIFAR)]
    titles = {SAMPLE: "CIFAR-10 sample"} | {name: changed.TITLE for name, changed in CHANGED.items()}
    shipped = [Summary(name, title, "ready", 2_500, 10) for name, title in titles.items()]
    return [*shipped, *map(_summary, [*cifar.CIFAR, *imported])]


def examined() -> tuple[list[Summary], list[str]]:
    """As `available`, with the state "broken" for all that cannot be opened; and what is wrong with each of these."""
    wrong = faults()
    summaries = [replace(each, state="broken") if each.name in wrong else each for each in available()]
    return summaries, list(wrong.values())


def faults() -> dict[str, str]:
    """Name -> what is wrong, for those on this machine that cannot be opened; reads all arrays that were touched."""
    imported = stored.names()
    files = {name: _npz(name) for name in cifar.CIFAR if name not in imported and _npz(name).is_file()}
    checks = {name: functools.partial(stored.read, name) for name in imported} | {
        name: functools.partial(cifar.read, file, classes=len(cifar.CIFAR[name].class_names))
        for name, file in files.items()
    }
    found = {}
    for name, check in checks.items():
        try:
            check()
        except DatasetError as error:
            found[name] = str(error)
    return found


def load(name: str) -> Dataset:
    """Open a dataset that is on this machine; never downloads.

    Raises:
        DatasetError: It is unknown, not downloaded yet, or damaged.
    """
    if name == SAMPLE:
        return _sample()
    if name in stored.names():
        return stored.read(name)
    if name in CHANGED:
        return _store_changed(name)
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


def copy(
    dataset: Dataset,
    title: str,
    *,
    kept: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    note: str,
    report: Report = silent,
) -> Dataset:
    """Store a changed copy of a dataset, whose splits are those of the original; the original stays as it is.

    Args:
        kept: Row ids (m,) of the images in the copy; None: all.
        labels: (n,) int64 in place of its own; None: its own.
        note: What was changed, shown with the copy.

    Raises:
        DatasetError: A split would have no image of some class, the dataset is everybody's photos, or the disk is full.
        AccessError: A learner would have too many images.
        Stopped: `report` raised it; nothing is kept.
    """
    if dataset.people:
        raise DatasetError(
            f"{dataset.title!r} has photos of several people: a copy would keep those that are deleted",
            "a dataset of one person",
            "Correct the datasets that its photos come from, and gather them again",
        )
    rows = np.arange(len(dataset.labels)) if kept is None else kept
    labels = dataset.labels if labels is None else labels
    official = np.full(len(dataset.labels), "", dtype="U5")
    named = splits(dataset)
    for split in ("train", "val", "test"):
        official[named[split]] = split
    for split in ("val", "test"):  # without any, another one would be drawn
        if not (official[rows] == split).any():
            raise DatasetError(f"No image for {split} would remain", "at least one of every class", "Keep some of them")
    cuts.check(labels[rows], official[rows], dataset.class_names)
    metadata = {
        "class_names": dataset.class_names,
        "source": dataset.source,
        "licence": dataset.licence,
        "skipped": dataset.skipped,
        "odd": {kind: np.flatnonzero(np.isin(rows, odd)).tolist() for kind, odd in dataset.odd.items()},
        "notes": [*dataset.notes, note],
        **stored.held_back(dataset.name),
    }
    columns = (labels[rows].tolist(), official[rows].tolist(), dataset.files[rows].tolist())
    stored.check_share(len(rows), dataset.images.shape[1])
    images = (dataset.images[row] for row in rows)
    stream = importing.reported(zip(images, *columns, strict=True), len(rows), "import", report)
    changed = stored.write(importing.numbered(title), stream, metadata=metadata)
    return stored.follow(changed, dataset.name)


def delete(name: str) -> None:
    """Remove a dataset from the home folder; an .npz file that the user put there stays.

    Raises:
        DatasetError: There is no such dataset, or it is the shipped one or that of an open challenge.
        AccessError: It is somebody else's.
    """
    if name not in stored.names():
        raise DatasetError(f"There is no dataset {name!r} to delete", "a downloaded or imported dataset")
    stored.delete(name)
    class_photos.sweep()


def rename(name: str, title: str) -> str:
    """Give an imported dataset another title, and the name that follows from it; returns that name.

    Runs remember a dataset by its name: those of the old one no longer find its images.

    Raises:
        DatasetError: There is no such dataset, it is built in or that of an open challenge, or the new name is taken.
        AccessError: It is somebody else's.
    """
    if name not in stored.names() or name in (*CHANGED, *cifar.CIFAR):
        raise DatasetError(f"There is no dataset {name!r} to rename", "an imported dataset")
    new = importing.slug(title)
    if new != name:
        stored.rename(name, new, title=title)
    return new


def splits(dataset: Dataset, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Ascending row ids `int64` of train, val, test, probe20 and finetune80; see `core.data.splits`."""
    return cuts.named(dataset.labels, dataset.official, seed=seed)


def _store_changed(name: str) -> Dataset:
    sample, changed = _sample(), CHANGED[name]
    about = {
        "class_names": sample.class_names,
        "source": changed.SOURCE,
        "licence": sample.licence,
        "skipped": (),
    }
    with people.acting_as(people.LECTURER):
        return stored.write([(name, changed.TITLE)], changed.rows(sample), metadata=about)


def _summary(name: str) -> Summary:
    if name in stored.names():
        try:
            about = stored.about(name)
        except DatasetError:
            return Summary(name, name, "broken", 0, 0)
        size = about["shape"][0], len(about["class_names"])
        return Summary(name, about["title"], "ready", *size, stored.person(name))
    known = cifar.CIFAR[name]
    state = "ready" if _npz(name).is_file() else "download"
    return Summary(name, known.title, state, known.images, len(known.class_names))


def _npz(name: str) -> Path:
    return stored.root() / f"{name}.npz"


@functools.cache
def _sample() -> Dataset:
    arrays = cifar.read(settings.ASSETS / "cifar10_sample.npz", classes=10)
    pixels, labels, official, files = (np.array(column) for column in zip(*_cifar_rows(arrays), strict=True))
    for column in (pixels, labels, official, files):
        column.flags.writeable = False  # they are the same arrays for all
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
        "class_names": known.class_names,
        "source": cifar.SOURCE,
        "licence": cifar.LICENCE,
        "skipped": (),
    }
    labels = np.concatenate([arrays.y_train, arrays.y_test])
    official = np.repeat(["train", "test"], [len(arrays.y_train), len(arrays.y_test)])
    cuts.check(labels, official, known.class_names)
    rows = importing.reported(_cifar_rows(arrays), len(labels), "import", report)
    with people.acting_as(people.LECTURER):  # it is built in, whoever asked for it first
        return stored.write([(name, known.title)], rows, metadata=metadata)


def _cifar_rows(arrays: cifar.Arrays) -> Iterator[Row]:
    for part, x, y in (("train", arrays.x_train, arrays.y_train), ("test", arrays.x_test, arrays.y_test)):
        for index, (image, label) in enumerate(zip(x, y, strict=True)):
            yield image, int(label), part, f"{part}/{index:05d}"
