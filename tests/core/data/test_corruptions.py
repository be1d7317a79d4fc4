"""Shifts: worse with severity, always the same, a dataset of their own."""

from itertools import pairwise

import numpy as np
import pytest

from core.data import corruptions, datasets
from core.errors import ConfigError


@pytest.fixture(scope="module")
def dataset():
    return datasets.load("cifar10-sample")


@pytest.mark.parametrize("name", corruptions.SHIFTS)
def test_every_shift_goes_further_from_the_image_with_severity_and_is_the_same_again(dataset, name):
    images = dataset.images[:20]
    made = [corruptions.apply(images, name, severity) for severity in corruptions.SEVERITIES]
    away = [np.abs(each.astype(float) - images).mean() for each in made]
    assert away[0] > 0 and all(before < after for before, after in pairwise(away))
    assert all(each.dtype == np.uint8 and each.shape == images.shape for each in made)
    assert np.array_equal(made[2], corruptions.apply(images, name, 3))


def test_grey_at_the_end_has_no_colour_and_contrast_keeps_the_mean(dataset):
    grey = corruptions.apply(dataset.images[:5], "grey", 5).astype(int)
    assert np.ptp(grey, axis=-1).max() <= 1
    flat = corruptions.apply(dataset.images[:5], "contrast", 5)
    assert flat.mean() == pytest.approx(dataset.images[:5].mean(), abs=1)


def test_a_shifted_dataset_has_the_labels_of_its_rows_and_a_fingerprint_of_its_own(dataset):
    rows = np.array([7, 3, 11])
    found = corruptions.shifted(dataset, rows, "blur")
    assert found.labels.tolist() == dataset.labels[rows].tolist() * 5 and len(found.images) == 15
    assert np.array_equal(found.images[3:6], corruptions.apply(dataset.images[rows], "blur", 2))
    others = [corruptions.shifted(dataset, rows, "noise"), corruptions.shifted(dataset, rows[::-1], "blur")]
    assert len({dataset.fingerprint, found.fingerprint, *(each.fingerprint for each in others)}) == 4


def test_a_shift_that_does_not_exist_names_those_that_do(dataset):
    with pytest.raises(ConfigError, match="contrast"):
        corruptions.shifted(dataset, np.arange(2), "rain")
