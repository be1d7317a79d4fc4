"""Classes made on the spot, a name and photos each: small copies in memory, packed into a zip and imported.

Near-duplicates among them are looked for at once, so that results can leave them out.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from core.data import class_photos, images, importing, near_duplicates, splits, uploads
from core.data.importing import Imported
from core.errors import DatasetError, LabError
from core.progress import Report, silent

SIDE = 256  # pixels of a photo, square: an import keeps no more
MOST = 500  # photos of all classes, about 20 MB
TITLE = 60  # characters


@dataclass
class PhotoClass:
    """A class in the making."""

    name: str = ""
    photos: list[bytes] = field(default_factory=list)  # JPEG files


def small(file: bytes, name: str = "the photo") -> bytes:
    """The central square of a photo of any format as a JPEG file. Raises DatasetError if it is no image."""
    pixels = images.decode(file, name=name, enough=SIDE)
    stream = io.BytesIO()
    Image.fromarray(images.square(pixels, min(SIDE, *pixels.shape[:2]))).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def pack(classes: Sequence[PhotoClass]) -> tuple[io.BytesIO, str]:
    """A zip of the classes and its name; those without name and photos do not count.

    The last fifth of each class is for testing, and the tenth before it for validation: of photos taken in a row, one
    drawn at random would have its neighbours among the training images.

    Raises:
        DatasetError: A class has no name, another one has it, or there are too few classes or photos.
    """
    used = [photo_class for photo_class in classes if photo_class.name or photo_class.photos]
    names = [uploads.safe(photo_class.name) if any(map(str.isalnum, photo_class.name)) else "" for photo_class in used]
    if "" in names:
        count = len(used[names.index("")].photos)
        raise DatasetError(
            f"The class with {count:,} photo{'' if count == 1 else 's'} has no name", "a name with a letter or digit"
        )
    if twice := [name for name, count in Counter(map(str.casefold, names)).items() if count > 1]:
        raise DatasetError(f"Two classes have the name {twice[0]!r}", "a different name for each class")
    labels = np.repeat(np.arange(len(used)), [len(photo_class.photos) for photo_class in used])
    splits.check(labels, np.full(len(labels), ""), names)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, photo_class in zip(names, used, strict=True):
            test, val = (max(len(photo_class.photos) // part, 1) for part in (5, 10))
            order = ["train"] * (len(photo_class.photos) - test - val) + ["val"] * val + ["test"] * test
            for number, (split, photo) in enumerate(zip(order, photo_class.photos, strict=True)):
                archive.writestr(f"{split}/{name}/{number:03}.jpg", photo)
    return stream, f"{', '.join(names)[:TITLE]}.zip"


def perform(path: str, report: Report = silent) -> Imported:
    """Import what `pack` packed. Raises as `importing.import_images`."""
    imported = importing.perform(path, source=class_photos.SOURCE, report=report)
    _search(imported.name, report)
    return imported


def gather(report: Report = silent) -> str:
    """The name of the dataset of everybody's photos. Raises as `class_photos.gather`."""
    name = class_photos.gather(report).name
    _search(name, report)
    return name


def _search(name: str, report: Report) -> None:
    """Look for near-duplicates; if that fails or is cancelled, the dataset stays, and the page Data can do it later."""
    with suppress(LabError, OSError):
        near_duplicates.search(name, report)
