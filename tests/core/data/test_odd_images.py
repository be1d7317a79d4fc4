"""Planted dark, bright, plain and blurred images are found, and few others."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from core.data import datasets, odd_images
from core.errors import Stopped

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
