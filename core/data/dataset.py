"""A dataset in memory and on disk.

`datasets/<name>/` in the home folder holds

    dataset.json   title, class names, shape of the images, fingerprint, source
    rows.npz       label, official split and file of each row
    images.raw     (n, size, size, 3) uint8, memory-mapped
    checked.json   when the arrays were last found to have the fingerprint

It is written under a temporary name and renamed when complete.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from core import arrays, limits, people, settings, storage
from core.data.folders import is_unicode
from core.errors import DatasetError

VERSION = 1
ARRAYS, CHECKED = ("images.raw", "rows.npz"), "checked.json"
ABANDONED = 86_400  # seconds after which a half-written folder is considered abandoned
FIELDS = dict.fromkeys(("title", "source", "licence", "fingerprint"), str)
FIELDS |= dict.fromkeys(("class_names", "skipped", "shape"), list)
LATER_FIELDS = {"odd": dict, "notes": list, "person": str, "people": dict}  # older folders lack them
Row = tuple[np.ndarray, int, str, str]
"""Image `(size, size, 3) uint8`, label, official split, file."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images. All arrays share their first axis; row ids are stable for a fingerprint."""

    name: str
    title: str
    images: np.ndarray  # (n, size, size, 3) uint8; memory-mapped, except for the sample
    labels: np.ndarray  # (n,) int64, indices into class_names
    class_names: tuple[str, ...]
    official: np.ndarray  # (n,) str: the source's own split, "train", "val" or "test"; "" if it has none
    files: np.ndarray  # (n,) str: path in the source, or "train/00042" for arrays
    fingerprint: str  # 16 hexadecimal digits of a digest of the content
    source: str
    licence: str
    skipped: tuple[str, ...]  # "path: reason" for each file of the source that was left out
    odd: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # rows by kind, judged before resizing
    notes: tuple[str, ...] = ()  # how the source was read, where that needs a check
    person: str = people.LECTURER  # whose it is
    people: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # rows by whose they are, if of several people

    def owners(self) -> np.ndarray:
        """The owner of each image: (n,) int64, indices into `people`."""
        codes = np.zeros(len(self.labels), np.int64)
        for code, rows in enumerate(self.people.values()):
            codes[list(rows)] = code
        return codes


def root() -> Path:
    """The folder that holds all datasets."""
    return settings.folder("datasets")


def names() -> list[str]:
    """The datasets on disk, including damaged ones; not folders whose names cannot be decoded."""
    folders = (path.name for path in root().iterdir() if path.is_dir())
    return sorted(name for name in folders if not name.startswith(".") and is_unicode(name))


def about(name: str) -> dict[str, Any]:
    """The content of dataset.json, without opening the arrays. Raises DatasetError if it is unreadable."""
    try:
        metadata = json.loads((root() / name / "dataset.json").read_text(encoding="utf-8"))
        if metadata["version"] != VERSION or not _is_whole(metadata):
            raise ValueError("it is of another version, or lacks something")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(name, error) from error
    return metadata


def _is_whole(metadata: Mapping[str, Any]) -> bool:
    """Whether all fields are there, and of their kinds: every list of datasets reads them. Raises KeyError if not."""
    texts, shape = [*metadata["class_names"], *metadata["skipped"]], metadata["shape"]
    return (
        all(isinstance(metadata[name], kind) for name, kind in FIELDS.items())
        and all(isinstance(metadata.get(name, kind()), kind) for name, kind in LATER_FIELDS.items())
        and all(isinstance(text, str) for text in texts)
        and len(metadata["class_names"]) > 0
        and len(shape) == 4
        and all(type(length) is int and length > 0 for length in shape)
    )


def person(name: str) -> str:
    """The owner of a dataset; the lecturer if it is damaged."""
    try:
        return about(name).get("person", people.LECTURER)
    except DatasetError:
        return people.LECTURER


def written(name: str) -> float:
    """When the images of a dataset were stored, in seconds since 1970."""
    return (root() / name / "images.raw").stat().st_mtime


def read(name: str) -> Dataset:
    """Open a dataset with its images memory-mapped.

    Raises:
        DatasetError: Its folder is damaged or another user's, or its arrays are not those of its fingerprint. All of
            them are read to know, but only when somebody has touched the files since the last time.
    """
    metadata = about(name)
    folder = root() / name
    try:
        shape = tuple(metadata["shape"])
        columns = arrays.read_all(folder / "rows.npz", ("labels", "official", "files"))
        images = np.memmap(folder / "images.raw", np.uint8, mode="r").reshape(shape)
        if any(len(column) != shape[0] for column in columns.values()):
            raise ValueError("rows.npz and dataset.json disagree")
        if not storage.unchanged(folder / CHECKED, files := [folder / array for array in ARRAYS]):
            with (folder / "images.raw").open("rb") as stream:
                pixels = hashlib.file_digest(stream, "sha256").hexdigest()
            labels, official = columns["labels"], columns["official"]
            if fingerprint(pixels, labels, official, metadata["class_names"]) != metadata["fingerprint"]:
                raise _changed(name)
            storage.passed(folder / CHECKED, files)
        return Dataset(
            name=name,
            title=metadata["title"],
            images=images,
            class_names=tuple(metadata["class_names"]),
            fingerprint=metadata["fingerprint"],
            source=metadata["source"],
            licence=metadata["licence"],
            skipped=tuple(metadata["skipped"]),
            odd={kind: tuple(rows) for kind, rows in metadata.get("odd", {}).items()},  # absent in older folders
            notes=tuple(metadata.get("notes", ())),  # likewise, as is the person
            person=metadata.get("person", people.LECTURER),
            people={person: tuple(rows) for person, rows in metadata.get("people", {}).items()},
            **columns,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(name, error) from error


def write(names: Iterable[tuple[str, str]], rows: Iterable[Row], *, metadata: Mapping[str, Any]) -> Dataset:
    """Store rows as they arrive, as the current person's; the dataset becomes visible when it is complete.

    Args:
        names: Names and titles for it, the preferred ones first: it gets the first that no other dataset has. Writing
            the same content again under one of them gives the dataset that is there, unless it is another learner's.
        rows: Consumed one at a time, so the images need not fit into memory. If they raise, nothing is kept.
        metadata: class_names, source, licence, skipped and notes, and what `held_back` gives; read after the last row.

    Raises:
        DatasetError: The disk is full, or other datasets have all these names.
        AccessError: There is no current person.
    """
    person = people.require("import")
    _sweep()
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root()) as temporary:
        new, name = Path(temporary) / "new", ""
        new.mkdir()
        try:
            content = _write(new, rows, metadata)
            for name, title in names:
                _write_about(new, {"title": title, "person": person, **content})
                if _named(new, name):
                    storage.passed(root() / name / CHECKED, [root() / name / array for array in ARRAYS])
                    return read(name)
                known = read(name)
                if known.fingerprint == content["fingerprint"] and known.person in (person, people.LECTURER):
                    return known
        except OSError as error:
            raise DatasetError(
                f"{root()} cannot be written ({error.strerror})",
                "",
                "Free some space, or set BACKBONE_LAB_HOME to another disk",
            ) from error
    raise taken(name)


def check_room(needed: int, what: str) -> None:
    """Raise DatasetError if this many bytes would leave less than the reserve free on the disk of the home folder."""
    free, reserve = shutil.disk_usage(root()).free, settings.disk_reserve()
    if needed > free - reserve:
        raise DatasetError(
            f"{what} takes {needed / 1e9:,.2f} GB, and the disk of the home folder has {free / 1e9:,.2f} GB free",
            f"{reserve / 1e9:,.2f} GB left free",
            "Free some space, or set BACKBONE_LAB_HOME to another disk or BACKBONE_LAB_RESERVE_GB to less",
        )


def check_share(images: int, size: int) -> None:
    """Refuse a learner's images if they, or all learners together, would have too many.

    Args:
        images: How many are added.
        size: Their side, in pixels.

    Raises:
        AccessError: They are too many.
    """
    person = people.require("import")
    single = (each for _, each in readable() if "parts" not in each)  # gathered photos are in the others already
    of_learners = [each for each in single if each.get("person", people.LECTURER) not in people.LECTURERS]
    own = [metadata["shape"] for metadata in of_learners if metadata["person"] == person]
    shapes, remedy = [metadata["shape"] for metadata in of_learners], "Delete a dataset, or choose fewer images"
    added = (images, size, size, 3)
    count = images + sum(shape[0] for shape in own)
    limits.check("images", count, f"You would have {count:,} images", remedy)
    for name, who, those in (("gigabytes", "You", own), ("class_gigabytes", "All learners", shapes)):
        total = sum(prod(shape) for shape in (*those, added)) / 1e9
        limits.check(name, total, f"{who} would have {total:,.2f} GB of images", remedy)


def readable() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and `about` of each dataset that is not damaged."""
    for name in names():
        with suppress(DatasetError):
            yield name, about(name)


def taken(name: str) -> DatasetError:
    """The error for a name that another dataset has."""
    return DatasetError(
        f"Another dataset is already named {name!r}",
        "another name",
        f"Keep both: `python -m core datasets rename {name} {name}-old`; or delete that one, on the page Data or with "
        f"`python -m core datasets delete {name}`",
    )


def rename(name: str, new: str, *, title: str) -> None:
    """Give a dataset another name and title.

    Raises:
        DatasetError: The name is taken, or the dataset is damaged or that of an open challenge.
        AccessError: It is somebody else's.
    """
    metadata = about(name) | {"title": title}
    _check_change(name)
    if new in names():
        raise taken(new)
    (root() / name).rename(root() / new)
    _rewrite_about(new, metadata)


def hold_back(name: str, challenge: str) -> None:
    """Hide a dataset of the lecturer, and copies made of it from now on, from everyone else until `release`.

    Raises:
        DatasetError: It is damaged.
        AccessError: The current person is not the lecturer.
    """
    people.require("run challenges")
    _rewrite_about(name, about(name) | {"person": people.HELD_BACK, "challenge": challenge})


def need(name: str, challenge: str) -> None:
    """Prevent a dataset from being deleted or renamed until `release`. Raises as `hold_back`."""
    people.require("run challenges")
    _rewrite_about(name, about(name) | {"needed_by": challenge})


def needed(name: str) -> bool:
    """Whether an open challenge needs a dataset."""
    with suppress(DatasetError):  # a damaged one can be deleted
        return person(name) == people.HELD_BACK or "needed_by" in about(name)
    return False


def held_back(name: str) -> dict[str, str]:
    """The metadata by which a copy of a dataset is held back for the same challenge; empty if it is not."""
    if person(name) != people.HELD_BACK:
        return {}
    return {key: about(name)[key] for key in ("person", "challenge")}


def follow(copy: Dataset, source: str) -> Dataset:
    """Release a copy whose source was released while it was made; returns it as it is now."""
    if copy.person != people.HELD_BACK or person(source) == people.HELD_BACK:
        return copy
    _rewrite_about(copy.name, about(copy.name) | {"person": people.LECTURER})
    return read(copy.name)


def release(challenge: str | None = None) -> None:
    """End `hold_back` and `need` for a challenge, or for all. Raises AccessError as `hold_back`."""
    people.require("run challenges")
    for _ in range(2):  # a copy that was finished meanwhile is in the second list, or has seen that it is released
        for name in filter(needed, names()):
            before = about(name)
            after = dict(before)
            if challenge in (None, before.get("needed_by")):
                after.pop("needed_by", None)
            if challenge in (None, before.get("challenge")):
                after["person"] = people.LECTURER
            if after != before:
                _rewrite_about(name, after)


def delete(name: str) -> None:
    """Remove a dataset, damaged or not.

    Raises:
        DatasetError: It is that of an open challenge.
        AccessError: It is somebody else's.
    """
    _check_change(name)
    with tempfile.TemporaryDirectory(prefix=".deleted-", dir=root()) as trash:
        (root() / name).rename(Path(trash) / name)  # atomic, so that nobody opens a half-deleted dataset


def fingerprint(pixels: str, labels: np.ndarray, official: np.ndarray, class_names: Sequence[str]) -> str:
    """A digest of everything a result can depend on; `pixels` is the SHA-256 of the images in order."""
    content = [pixels, labels.tolist(), official.tolist(), list(class_names)]
    return storage.digest(content)


def _check_change(name: str) -> None:
    people.require("change dataset", person(name))
    if needed(name):
        raise DatasetError(f"An open challenge needs the dataset {name!r}", remedy="Close the challenge first")


def _sweep() -> None:
    """Remove what killed processes left behind, once it is old enough that nobody can still be writing it."""
    for path in root().glob(".*-*"):
        if time.time() - path.stat().st_mtime > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _write(folder: Path, rows: Iterable[Row], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Write the arrays of a dataset; returns the content of its dataset.json, except for the title."""
    digest, shape = hashlib.sha256(), ()
    columns = []
    with (folder / "images.raw").open("wb") as stream:
        for image, *others in rows:
            pixels = np.ascontiguousarray(image).data
            stream.write(pixels)
            digest.update(pixels)
            columns.append(others)
            shape = image.shape
    labels, official, files = (np.array(column) for column in zip(*columns, strict=True))
    np.savez_compressed(folder / "rows.npz", labels=labels.astype(np.int64), official=official, files=files)
    content = fingerprint(digest.hexdigest(), labels, official, metadata["class_names"])
    return {"version": VERSION, **metadata, "shape": [len(labels), *shape], "fingerprint": content}


def _write_about(folder: Path, metadata: Mapping[str, Any]) -> None:
    (folder / "dataset.json").write_text(json.dumps(metadata, indent=1, ensure_ascii=False), encoding="utf-8")


def _rewrite_about(name: str, metadata: Mapping[str, Any]) -> None:
    with storage.replaced(root() / name / "dataset.json") as file:
        file.write_text(json.dumps(metadata, indent=1, ensure_ascii=False), encoding="utf-8")


def _named(new: Path, name: str) -> bool:
    """Give a complete folder its name; False if another has it, perhaps only since a moment ago."""
    try:
        new.rename(root() / name)
    except OSError:
        if (root() / name).exists():
            return False
        raise
    return True


def _changed(name: str) -> DatasetError:
    return DatasetError(
        f"The images or labels of {name!r} have been changed in {root() / name} since they were imported",
        "those that were imported",
        "Restore the files, or delete the dataset and import it again",
    )


def _unreadable(name: str, error: Exception) -> DatasetError:
    if hindrance := storage.hindrance(error):
        return DatasetError(f"The dataset {name!r} in {root() / name} {hindrance[0]}", "", hindrance[1])
    return DatasetError(f"The dataset {name!r} is damaged in {root() / name}", "", "Delete it and import it again")
