"""Everybody's photos of new classes as one dataset, which learners see while they see each other's work.

It belongs to nobody in particular (`people.EVERYONE`). Only the lecturer makes it, and it goes with any photos in it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core import people
from core.data import dataset as stored
from core.data import duplicates, images, importing
from core.data.dataset import Dataset, Row
from core.errors import DatasetError
from core.progress import Report, silent

SOURCE = "Photos of new classes"  # the source of a dataset made on the spot, and of its copies
TITLE = "Photos of the class"


def gather(report: Report = silent) -> Dataset:
    """Store everybody's photos of new classes as one dataset, in place of the one before.

    Classes of the same name are one, and photos keep their splits. A photo that is in several datasets counts once.
    Photos that an open challenge holds back are left out.

    Raises:
        AccessError: A learner asks.
        DatasetError: There are no photos, or the disk is full.
        Stopped: `report` raised it; the dataset before is gone.
    """
    people.require("run the class")
    parts = [stored.read(name) for name in _parts() if stored.person(name) != people.HELD_BACK]
    if not parts:
        raise DatasetError("There are no photos of new classes", "", "Take some: page Data, Take photos")
    class_names = _merged(parts)
    rows_of: dict[str, list[int]] = {}
    total = sum(len(part.labels) for part in parts)
    rows = importing.reported(_rows(parts, class_names, rows_of), total, "import", report)
    for name in _gathered():
        stored.delete(name)
    metadata = {
        "class_names": class_names,
        "source": "Everybody's photos of new classes",
        "licence": "Not stated",
        "skipped": (),
        "people": rows_of,
        "parts": [part.fingerprint for part in parts],
        "person": people.EVERYONE,
    }
    return stored.write(importing.numbered(TITLE), rows, metadata=metadata)


def perform(report: Report = silent) -> str:
    """`gather`, for other processes: the name of the dataset."""
    return gather(report).name


def sweep() -> None:
    """Delete the gathered dataset if photos in it have been deleted."""
    there = {about["fingerprint"] for about in _parts().values()}
    for name in _gathered():
        if not there.issuperset(stored.about(name)["parts"]):
            with people.acting_as(people.LECTURER):
                stored.delete(name)


def _parts() -> dict[str, dict[str, Any]]:
    """What is known of the datasets made on the spot, by name."""
    return {name: about for name, about in stored.readable() if about["source"] == SOURCE}


def _gathered() -> list[str]:
    """The name of the gathered dataset, if there is one."""
    return [name for name, _ in stored.readable() if stored.person(name) == people.EVERYONE]


def _merged(parts: Sequence[Dataset]) -> tuple[str, ...]:
    """The classes of all parts; cup and Cup are one."""
    spelled: dict[str, str] = {}
    for part in parts:
        for name in part.class_names:
            spelled.setdefault(name.casefold(), name)
    return tuple(spelled[key] for key in sorted(spelled))


def _rows(parts: Sequence[Dataset], class_names: Sequence[str], rows_of: dict[str, list[int]]) -> Iterator[Row]:
    """The photos of all parts, at one size; `rows_of` becomes the rows of each person."""
    codes = {name.casefold(): code for code, name in enumerate(class_names)}
    size = int(np.median([part.images.shape[1] for part in parts]))
    seen: set[bytes] = set()
    for part in parts:
        for row, digest in enumerate(duplicates.digests(part.images)):
            if digest not in seen:
                rows_of.setdefault(part.person, []).append(len(seen))
                seen.add(digest)
                label = codes[part.class_names[part.labels[row]].casefold()]
                file = f"{part.name}/{part.files[row]}"
                yield images.square(part.images[row], size), label, str(part.official[row]), file
