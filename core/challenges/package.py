"""The images of a challenge for a notebook of one's own, in one zip."""

import io
import zipfile
from collections.abc import Iterator

import numpy as np
from PIL import Image

from core.challenges.challenge import Challenge, cut
from core.challenges.entries import template
from core.data import datasets

README = """{title}

train/ and val/ have the labelled images, a folder for each class. test/ has {images:,} images without labels.
Write the class of each into template.csv, and upload it on the page Challenge.
"""


def pack(challenge: Challenge) -> bytes:
    """A zip: `train/<class>/`, `val/<class>/`, `test/<id>.png`, `template.csv` and `README.txt`.

    Raises:
        LabError: The dataset is gone, or another one.
    """
    chosen, buffer = cut(challenge), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        archive.writestr("README.txt", README.format(title=challenge.title, images=len(chosen.rows)))
        archive.writestr("template.csv", template(chosen))
        for path, image in _images(challenge, chosen.rows):
            encoded = io.BytesIO()
            Image.fromarray(image).save(encoded, "PNG")
            archive.writestr(path, encoded.getvalue())
    return buffer.getvalue()


def _images(challenge: Challenge, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Paths and images (s, s, 3) uint8."""
    dataset = datasets.load(challenge.source)
    splits, folders = datasets.splits(dataset), [name.replace("/", "-") for name in dataset.class_names]
    for split in ("train", "val"):
        for row in splits[split]:
            yield f"{split}/{folders[dataset.labels[row]]}/{row}.png", dataset.images[row]
    for number, row in enumerate(rows, start=1):
        yield f"test/{number}.png", dataset.images[row]
