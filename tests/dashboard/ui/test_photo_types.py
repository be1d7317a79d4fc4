"""Every type of file that a page offers to open is one that can be opened."""

import ast
import io
from pathlib import Path

import pytest
from PIL import Image

from core.data import datasets, images
from dashboard.ui import photo_picker

ROOT = Path(__file__).parents[3]


def offered() -> dict[str, str]:
    """The expression of the types that each file uploader of the dashboard accepts, by its file and line."""
    found = {}
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.file_uploader":
                types = [each.value for each in node.keywords if each.arg == "type"] or node.args[1:2]
                found[f"{path.name}:{node.lineno}"] = ast.unparse(types[0]) if types else "any"
    return found


def test_every_uploader_takes_a_zip_predictions_or_the_images_that_are_read():
    found = offered()
    assert len(found) >= 4
    assert set(found.values()) == {"'zip'", "'csv'", "TYPES", "photo_picker.TYPES"}
    assert {f".{each}" for each in photo_picker.TYPES} == images.SUFFIXES


@pytest.mark.parametrize("suffix", photo_picker.TYPES)
def test_an_image_of_every_type_is_read(suffix: str):
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), (255, 255, 255)).save(stream, Image.registered_extensions()[f".{suffix}"])
    assert images.decode(stream.getvalue(), enough=16).shape == (30, 40, 3)


@pytest.mark.parametrize("photo", photo_picker.SHIPPED.values(), ids=photo_picker.SHIPPED)
def test_every_shipped_photo_is_read(photo: photo_picker.Shipped):
    assert min(images.decode(photo.path.read_bytes()).shape[:2]) > 100


def test_a_photo_of_each_class_of_the_sample_is_shipped():
    assert set(datasets.load("cifar10-sample").class_names) <= {photo.shows for photo in photo_picker.SHIPPED.values()}
