"""Corruptions: stronger with severity, deterministic, a dataset of their own."""

from itertools import pairwise

import numpy as np
import pytest

from core.data import corruptions, datasets
from core.errors import ConfigError


@pytest.fixture(scope="module")
def dataset():
    return datasets.load("cifar10-sample")


@pytest.mark.parametrize("name", corruptions.CORRUPTIONS)
def test_every_corruption_moves_further_from_the_image_with_severity_and_is_deterministic(dataset, name):
    images = dataset.images[:20]
    degraded = [corruptions.apply(images, name, severity) for severity in corruptions.SEVERITIES]
    distances = [np.abs(version.astype(float) - images).mean() for version in degraded]
    assert distances[0] > 0 and all(before < after for before, after in pairwise(distances))
    assert all(version.dtype == np.uint8 and version.shape == images.shape for version in degraded)
    assert np.array_equal(degraded[2], corruptions.apply(images, name, 3))


def test_grey_at_the_end_has_no_colour_and_contrast_keeps_the_mean(dataset):
    grey = corruptions.apply(dataset.images[:5], "grey", 5).astype(int)
    assert np.ptp(grey, axis=-1).max() <= 1
    flat = corruptions.apply(dataset.images[:5], "contrast", 5)
    assert flat.mean() == pytest.approx(dataset.images[:5].mean(), abs=1)


def test_a_corrupted_dataset_has_the_labels_of_its_rows_and_a_fingerprint_of_its_own(dataset):
    rows = np.array([7, 3, 11])
    blurred = corruptions.corrupted(dataset, rows, "blur")
    assert blurred.labels.tolist() == dataset.labels[rows].tolist() * 5 and len(blurred.images) == 15
    assert np.array_equal(blurred.images[3:6], corruptions.apply(dataset.images[rows], "blur", 2))
    others = [corruptions.corrupted(dataset, rows, "noise"), corruptions.corrupted(dataset, rows[::-1], "blur")]
    assert len({version.fingerprint for version in (dataset, blurred, *others)}) == 4


def test_an_unknown_corruption_names_the_known_ones(dataset):
    with pytest.raises(ConfigError, match="contrast"):
        corruptions.corrupted(dataset, np.arange(2), "rain")
