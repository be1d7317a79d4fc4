"""The images of a challenge for a notebook of one's own: `challenges/<name>/images.zip` in the home folder."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from core import settings, storage
from core.challenges.challenge import KIND, cut, read
from core.challenges.entries import template
from core.data import datasets, importing
from core.progress import Report, silent

FILE = "images.zip"
README = """{title}

train/ and val/ have the labelled images, a folder for each class. test/ has {images:,} images without labels.
Write the class of each into template.csv, and upload it on the page Challenge.
"""


def packed(name: str) -> Path | None:
    """The zip of a challenge; None until it is there."""
    path = _path(name)
    return path if path.exists() else None


def pack(name: str, report: Report = silent) -> Path:
    """Write a zip: `train/<class>/`, `val/<class>/`, `test/<id>.png`, `template.csv` and `README.txt`.

    Raises:
        LabError: The challenge or its dataset is gone, or that is another one.
        Stopped: `report` raised it; nothing is kept.
    """
    challenge = read(name)
    chosen, dataset = cut(challenge), datasets.load(challenge.source)
    rows = dict(_rows(dataset, chosen.rows))
    path = _path(name)
    with storage.replaced(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed
        archive.writestr("README.txt", README.format(title=challenge.title, images=len(chosen.rows)))
        archive.writestr("template.csv", template(chosen))
        for inside, row in importing.reported(rows.items(), len(rows), "pack", report):
            encoded = io.BytesIO()
            Image.fromarray(dataset.images[row]).save(encoded, "PNG", compress_level=1)
            archive.writestr(inside, encoded.getvalue())
    return path


def _rows(dataset: datasets.Dataset, test: np.ndarray) -> Iterator[tuple[str, int]]:
    """Paths in the zip, with the rows of their images."""
    splits, folders = datasets.splits(dataset), [name.replace("/", "-") for name in dataset.class_names]
    for split in ("train", "val"):
        for row in splits[split]:
            yield f"{split}/{folders[dataset.labels[row]]}/{row}.png", row
    for number, row in enumerate(test, start=1):
        yield f"test/{number}.png", row


def _path(name: str) -> Path:
    return settings.home() / KIND / name / FILE
