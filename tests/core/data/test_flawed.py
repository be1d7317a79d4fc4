"""The flawed copy of the sample has the faults that its lesson is about, and the test images of the sample."""

import numpy as np
import pytest

from core.data import datasets, flawed, near_duplicates


@pytest.mark.slow
@pytest.mark.usefixtures("shared_results")
def test_its_faults_are_planted_in_training_images_alone():
    sample, copy = datasets.load(datasets.SAMPLE), datasets.load(datasets.FLAWED)
    copies, originals, swapped = flawed.faults(sample)
    assert not set(copies.tolist()) & set(swapped.tolist())
    np.testing.assert_array_equal(copy.images[copies], sample.images[originals][:, :, ::-1])
    np.testing.assert_array_equal(np.flatnonzero(copy.labels != sample.labels), np.sort(swapped))
    assert set(copy.official[[*copies, *swapped]]) == {"train"}
    test = datasets.splits(copy)["test"]
    np.testing.assert_array_equal(test, datasets.splits(sample)["test"])
    np.testing.assert_array_equal(copy.images[test], sample.images[test])
    near = near_duplicates.search(datasets.FLAWED)
    assert near.leaked().tolist() == sorted(originals.tolist())


def test_it_is_the_same_each_time_and_listed_beside_the_sample(home):
    assert [each.name for each in datasets.available()][:2] == [datasets.SAMPLE, datasets.FLAWED]
    fingerprint = datasets.load(datasets.FLAWED).fingerprint
    datasets.delete(datasets.FLAWED)
    assert datasets.load(datasets.FLAWED).fingerprint == fingerprint
