"""Everybody's photos of new classes as one dataset, which learners see while they see each other's work.

Its owner is `people.EVERYONE`. Only the lecturer makes it, and deleting any of its photos deletes it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
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

Photo = tuple[Dataset, int, str]
"""The dataset of a photo, its row there, and who took it."""


def gather(report: Report = silent) -> Dataset:
    """Store everybody's photos of new classes as one dataset, in place of the one before.

    Classes of the same name are one. A photo that is in several datasets counts once, as whoever stored it first has it
    in their newest dataset, or the lecturer in a newer copy. Photos that an open challenge holds back are left out.

    Raises:
        AccessError: A learner asks.
        DatasetError: There are no photos, some were deleted meanwhile, or the disk is full.
        Stopped: `report` raised it; the dataset before may be gone.
    """
    people.require("run the class")
    parts = [stored.read(name) for name in _parts() if stored.person(name) != people.HELD_BACK]
    if not parts:
        raise DatasetError("There are no photos of new classes", "", "Take some: page Data, Take photos")
    parts.sort(key=lambda part: stored.written(part.name), reverse=True)
    photos = list(_chosen(parts, report))
    spelled = {name.casefold(): name for name in map(_class_name, photos)}  # as in the oldest; cup and Cup are one
    codes = {key: code for code, key in enumerate(sorted(spelled))}
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, (_, _, person) in enumerate(photos):
        rows_of[person].append(row)
    for name in _gathered():
        stored.delete(name)
    metadata = {
        "class_names": [spelled[key] for key in codes],
        "source": "Everybody's photos of new classes",
        "licence": "Not stated",
        "skipped": (),
        "people": rows_of,
        "parts": [part.fingerprint for part in parts],
        "person": people.EVERYONE,
    }
    rows = importing.reported(_rows(photos, codes), len(photos), "import", report)
    dataset = stored.write(importing.numbered(TITLE), rows, metadata=metadata)
    sweep()
    if dataset.name not in stored.names():
        raise DatasetError("Photos were deleted while they were gathered", "", "Gather them again")
    return dataset


def sweep() -> None:
    """Delete the gathered dataset if photos in it have been deleted."""
    there = {about["fingerprint"] for about in _parts().values()}
    for name, parts in _gathered().items():
        if not there.issuperset(parts):
            with people.acting_as(people.LECTURER), suppress(FileNotFoundError):  # another process was faster
                stored.delete(name)


def _parts() -> dict[str, dict[str, Any]]:
    """What is known of the datasets made on the spot, by name."""
    return {name: about for name, about in stored.readable() if about["source"] == SOURCE}


def _gathered() -> dict[str, list[str]]:
    """The fingerprints of the datasets that were put together, by the name of the gathered dataset."""
    return {name: about["parts"] for name, about in stored.readable() if "parts" in about}


def _chosen(parts: Sequence[Dataset], report: Report) -> Iterator[Photo]:
    """Each photo once; parts come newest first.

    A part most of whose photos are in newer ones was corrected or continued there: the rest of it is left out too.
    """
    total = sum(len(part.labels) for part in parts)
    pixels = importing.reported((image for part in parts for image in part.images), total, "duplicates", report)
    of_all = duplicates.digests(pixels)
    digests = [(part, list(islice(of_all, len(part.labels)))) for part in parts]
    takers = {digest: part.person for part, those in digests for digest in those}  # the oldest part comes last
    seen: set[bytes] = set()
    for part, those in digests:
        own = {digest: row for row, digest in enumerate(those) if part.person in (takers[digest], people.LECTURER)}
        new = own.keys() - seen
        if 2 * len(new) >= len(own):
            yield from ((part, row, takers[digest]) for digest, row in own.items() if digest in new)
        seen |= new


def _rows(photos: Sequence[Photo], codes: Mapping[str, int]) -> Iterator[Row]:
    """The photos at one size, labelled by the codes of their classes."""
    size = int(np.median([part.images.shape[1] for part, _, _ in photos]))
    for photo in photos:
        part, row, _ = photo
        label, file = codes[_class_name(photo).casefold()], f"{part.name}/{part.files[row]}"
        yield images.square(part.images[row], size), label, str(part.official[row]), file


def _class_name(photo: Photo) -> str:
    part, row, _ = photo
    return part.class_names[part.labels[row]]
