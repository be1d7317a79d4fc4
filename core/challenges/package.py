"""The images of a challenge for a notebook of one's own: `challenges/<name>/images.zip` in the home folder."""

import csv
import io
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core import quoting, settings, storage
from core.challenges.challenge import KIND, cut, original, read
from core.challenges.entries import template
from core.data import datasets, importing, uploads
from core.progress import Report, silent

FILE = "images.zip"
README = """{title}

train/ and val/ have the labelled images, a folder for each class; classes.csv says which folder is which class.
test/ has {images:,} images without labels. Write the class of each into template.csv, and upload it on the page
Challenge.
"""


def packed(name: str) -> Path | None:
    """The zip of a challenge; None until it is written."""
    path = _path(name)
    return path if path.exists() else None


def pack(name: str, report: Report = silent) -> Path:
    """Write a zip: `train/<class>/`, `val/<class>/`, `test/<id>.png`, `template.csv`, `classes.csv` and `README.txt`.

    Nothing in it tells where a test image was in the dataset: labelled images have numbers of their own, at random.

    Raises:
        LabError: The challenge or its dataset is gone, or that is another one.
        Stopped: `report` raised it; nothing is kept.
    """
    challenge = read(name)
    chosen, dataset = cut(challenge), original(challenge)
    folders = _folders(chosen.class_names)
    rows = dict(_rows(dataset, folders, chosen.rows))
    path = _path(name)
    with storage.replaced(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed
        archive.writestr("README.txt", README.format(title=challenge.title, images=len(chosen.rows)))
        archive.writestr("template.csv", template(chosen))
        archive.writestr("classes.csv", _classes(folders, chosen.class_names))
        for inside, row in importing.reported(rows.items(), len(rows), "pack", report):
            encoded = io.BytesIO()
            Image.fromarray(dataset.images[row]).save(encoded, "PNG", compress_level=1)
            archive.writestr(inside, encoded.getvalue())
    return path


def _rows(dataset: datasets.Dataset, folders: Sequence[str], test: np.ndarray) -> Iterator[tuple[str, int]]:
    """Paths in the zip, with the rows of their images."""
    splits = datasets.splits(dataset)
    for split in ("train", "val"):
        for number, row in enumerate(np.random.default_rng().permutation(splits[split]).tolist(), start=1):
            yield f"{split}/{folders[int(dataset.labels[row])]}/{number}.png", row
    for number, row in enumerate(test, start=1):
        yield f"test/{number}.png", row


def _folders(class_names: Sequence[str]) -> list[str]:
    """The name of a folder for each class, valid and distinct on every file system."""
    folders: dict[str, str] = {}  # the name without regard to case -> the name
    for name in class_names:
        safe = uploads.safe(name)
        numbered = itertools.chain([safe], (f"{safe}-{number}" for number in itertools.count(2)))
        folder = next(each for each in numbered if each.casefold() not in folders)
        folders[folder.casefold()] = folder
    return list(folders.values())


def _classes(folders: Sequence[str], class_names: Sequence[str]) -> str:
    """A table of the folders with their classes."""
    table = io.StringIO()
    cells = ([quoting.cell(text) for text in line] for line in zip(folders, class_names, strict=True))
    csv.writer(table, lineterminator=quoting.CSV_LINE).writerows([("folder", "class"), *cells])
    return table.getvalue()


def _path(name: str) -> Path:
    return settings.home() / KIND / name / FILE
