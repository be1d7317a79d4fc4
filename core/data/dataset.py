"""A dataset as one value, and how it lies on disk.

`datasets/<name>/` in the home folder holds

    dataset.json   title, class names, shape of the images, fingerprint, where they came from
    rows.npz       label, official split and file of each row
    images.raw     (n, size, size, 3) uint8, mapped into memory rather than read

It is written under another name and renamed when it is complete.
"""

import hashlib
import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import settings, storage
from core.errors import DatasetError

VERSION = 1
ABANDONED = 86_400  # seconds after which a half-written folder has no writer

Row = tuple[np.ndarray, int, str, str]
"""Image `(size, size, 3) uint8`, label, official split, file."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with labels. All arrays share their first axis: row ids, stable for a fingerprint."""

    name: str
    title: str
    images: np.ndarray  # (n, size, size, 3) uint8; mapped from disk, except for the sample
    labels: np.ndarray  # (n,) int64, indices of class_names
    class_names: tuple[str, ...]
    official: np.ndarray  # (n,) str: "train", "val", "test" as the source says, or ""
    files: np.ndarray  # (n,) str: path in the source, or "train/00042" for arrays
    fingerprint: str  # 16 hexadecimal digits of the content
    source: str
    licence: str
    skipped: tuple[str, ...]  # "path: reason", files of the source that are not among the images


def root() -> Path:
    """The folder of all datasets."""
    return settings.folder("datasets")


def names() -> list[str]:
    """Datasets on disk, whether they can be opened or not."""
    return sorted(path.name for path in root().iterdir() if path.is_dir() and not path.name.startswith("."))


def about(name: str) -> dict:
    """What dataset.json says, without opening the arrays. Raises DatasetError where that is not readable."""
    try:
        facts = json.loads((root() / name / "dataset.json").read_text(encoding="utf-8"))
        if facts["version"] != VERSION:
            raise ValueError(f"version {facts['version']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(name) from error
    return facts


def read(name: str) -> Dataset:
    """Open a dataset, its images mapped into memory. Raises DatasetError where its folder is damaged."""
    facts = about(name)
    folder = root() / name
    try:
        shape = tuple(facts["shape"])
        with np.load(folder / "rows.npz", allow_pickle=False) as rows:
            columns = {column: rows[column] for column in ("labels", "official", "files")}
        images = np.memmap(folder / "images.raw", np.uint8, mode="r")
        if any(len(column) != shape[0] for column in columns.values()):
            raise ValueError("rows.npz and dataset.json disagree")
        return Dataset(
            name=name,
            title=facts["title"],
            images=images.reshape(shape),
            class_names=tuple(facts["class_names"]),
            fingerprint=facts["fingerprint"],
            source=facts["source"],
            licence=facts["licence"],
            skipped=tuple(facts["skipped"]),
            **columns,
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _broken(name) from error


def write(name: str, rows: Iterable[Row], *, facts: Mapping[str, str | Sequence[str]]) -> Dataset:
    """Store rows as they come, and let the dataset appear when all are there.

    Args:
        name: Name of its folder.
        rows: One at a time, so that all images together need not fit into memory. An error in them leaves nothing.
        facts: title, class_names, source, licence and skipped; looked at when the rows are through.

    Raises:
        DatasetError: The disk is full, or another dataset has this name. The same content again is no error.
    """
    _sweep()
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root()) as temporary:
        new = Path(temporary) / name
        new.mkdir()
        try:
            fingerprint = _write(new, rows, facts)
        except OSError as error:
            raise DatasetError(
                f"{root()} cannot be written ({error.strerror})",
                "",
                "Make room, or set BACKBONE_LAB_HOME to another disk",
            ) from error
        try:
            new.rename(root() / name)
        except OSError:  # there is one already, perhaps since a moment ago
            if read(name).fingerprint != fingerprint:
                raise DatasetError(
                    f"There is another dataset named {name!r}", "a free name", "Delete that one or choose another name"
                ) from None
    return read(name)


def delete(name: str) -> None:
    """Remove a dataset, damaged or not."""
    with tempfile.TemporaryDirectory(prefix=".deleted-", dir=root()) as trash:
        (root() / name).rename(Path(trash) / name)  # at once, so that nobody opens half of it


def fingerprint(pixels: str, labels: np.ndarray, official: np.ndarray, class_names: Sequence[str]) -> str:
    """Digest of all that a result can depend on; `pixels` is the SHA-256 of the images in their order."""
    content = [pixels, labels.tolist(), official.tolist(), list(class_names)]
    return storage.digest(content)


def _sweep() -> None:
    """Remove what killed processes left behind, once no living one can be writing it."""
    for path in root().glob(".*-*"):
        if time.time() - path.stat().st_mtime > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _write(folder: Path, rows: Iterable[Row], facts: Mapping[str, str | Sequence[str]]) -> str:
    digest, shape = hashlib.sha256(), ()
    columns = []
    with (folder / "images.raw").open("wb") as stream:
        for image, *others in rows:
            pixels = np.ascontiguousarray(image)
            stream.write(pixels)
            digest.update(pixels)
            columns.append(others)
            shape = image.shape
    labels, official, files = (np.array(column) for column in zip(*columns, strict=True))
    np.savez_compressed(folder / "rows.npz", labels=labels.astype(np.int64), official=official, files=files)
    mark = fingerprint(digest.hexdigest(), labels, official, facts["class_names"])
    described = {"version": VERSION, **facts, "shape": [len(labels), *shape], "fingerprint": mark}
    (folder / "dataset.json").write_text(json.dumps(described, indent=1, ensure_ascii=False), encoding="utf-8")
    return mark


def _broken(name: str) -> DatasetError:
    return DatasetError(f"The dataset {name!r} is damaged in {root() / name}", "", "Delete it and import it again")
