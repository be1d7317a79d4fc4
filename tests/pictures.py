"""Images, and folders and zips of them, for tests; mostly of plain colours."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"cats": (200, 30, 30), "dogs": (30, 200, 30), "fish": (30, 30, 200)}


def photo(
    colour: tuple[int, int, int] = (90, 90, 90), *, size: tuple[int, int] = (48, 40), kind: str = "JPEG"
) -> bytes:
    """An encoded image of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, kind)
    return stream.getvalue()


def encoded(pixels: np.ndarray, *, side: int) -> bytes:
    """An image (s, s, 3) uint8 as a JPEG file of another size."""
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((side, side)).save(stream, "JPEG")
    return stream.getvalue()


def pictures(per_class: int = 5, *, above: str = "", classes: tuple[str, ...] = ("cats", "dogs")) -> dict[str, bytes]:
    """Files `class/0.jpg` and so on; no two are the same."""
    return {
        f"{above}{name}/{number}.jpg": photo(tuple(part + number for part in COLOURS[name]))
        for name in classes
        for number in range(per_class)
    }


def write_folder(root: Path, files: dict[str, bytes]) -> Path:
    """Write files by their relative paths; a path that ends with / is an empty folder."""
    for name, data in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return root


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    """Pack files by their names in the zip, whatever these are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path
