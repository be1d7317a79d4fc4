"""Planted dark, bright, plain and blurred images are found, and few others."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from core.data import datasets, odd_images, relabelling
from core.errors import Stopped
from tests.pictures import photo, pictures, write_folder

EACH = 20  # images of each kind
CHANGES = {
    "dark": lambda images: (images * 0.2).astype(np.uint8),
    "bright": lambda images: (255 - (255 - images.astype(int)) * 0.1).astype(np.uint8),
    "plain": lambda images: np.full_like(images, 120),
    "blurred": lambda images: gaussian_filter(images, (0, 2, 2, 0)),
}


def test_planted_odd_images_are_found():
    sample = datasets.load("cifar10-sample")
    pixels = sample.images.copy()
    usual = np.flatnonzero(pixels.std(axis=(1, 2, 3)) > 50)  # with some contrast, which each change keeps in part
    planted = {}
    for number, (kind, change) in enumerate(CHANGES.items()):
        planted[kind] = usual[number * EACH : (number + 1) * EACH]
        pixels[planted[kind]] = change(pixels[planted[kind]])
    result = odd_images.of(replace(sample, images=pixels, fingerprint="odd"))
    assert not result.rows["tiny"] and not result.rows["cropped"]  # of arrays, which were not resized
    for kind, rows in planted.items():
        named = result.rows[kind] + (result.rows["plain"] if kind in ("dark", "bright") else [])
        assert np.isin(rows, named).mean() >= 0.9, kind
    others = {row for rows in result.rows.values() for row in rows} - set(np.concatenate([*planted.values()]).tolist())
    assert len(others) <= 10


def test_the_result_is_kept_and_the_sample_has_few():
    dataset = datasets.load("cifar10-sample")
    assert odd_images.find(dataset) is None
    result = odd_images.search("cifar10-sample")
    assert result.images == 2500
    assert result.count <= 10
    assert odd_images.find(dataset) == result == odd_images.search("cifar10-sample")


def test_tiny_and_cropped_images_are_judged_by_their_size_on_import_and_stay_so_in_a_copy(home, tmp_path):
    files = pictures(10) | {"cats/small.png": photo((1, 2, 3), size=(20, 26), kind="PNG")}
    files |= {"cats/9.jpg": photo((9, 8, 7), size=(41, 200)), "dogs/long.png": photo((4, 5, 6), size=(300, 50))}
    dataset = datasets.import_images(write_folder(tmp_path / "pets", files))  # of 40 pixels
    found = odd_images.search("pets")
    assert [dataset.files[row] for row in found.rows["tiny"]] == ["cats/small.png"]
    assert [dataset.files[row] for row in found.rows["cropped"]] == ["dogs/long.png", "cats/9.jpg"]
    copy = relabelling.relabel("pets", {0: relabelling.LEFT_OUT})
    assert {copy.files[row] for row in odd_images.search(copy.name).rows["cropped"]} == {"dogs/long.png", "cats/9.jpg"}


def test_all_images_plain_are_called_plain_alone():
    sample = datasets.load("cifar10-sample")
    result = odd_images.of(replace(sample, images=np.zeros_like(sample.images), fingerprint="black"))
    assert len(result.rows["plain"]) == 2500
    assert not any(rows for kind, rows in result.rows.items() if kind != "plain")


def test_a_search_that_is_stopped_keeps_nothing():
    def stop(progress):
        raise Stopped

    with pytest.raises(Stopped):
        odd_images.search("cifar10-sample", stop)
    assert odd_images.find(datasets.load("cifar10-sample")) is None
