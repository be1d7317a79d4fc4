"""Images of another class are among the least typical of a class, and the result is kept."""

import numpy as np
import pytest

from core.data import datasets, flawed
from core.embeddings import Source
from core.errors import Stopped
from core.evaluation import outliers

SOURCE = Source(dataset=datasets.FLAWED, backbone="EfficientNetLite0", input_size=64)  # a hundred labels are swapped

pytestmark = pytest.mark.usefixtures("shared_results")


@pytest.mark.slow
def test_images_of_another_class_come_early():
    _, _, swapped = flawed.faults(datasets.load(datasets.SAMPLE))
    found = outliers.search(SOURCE)
    assert outliers.find(SOURCE) == found
    labels = datasets.load(datasets.FLAWED).labels
    assert all(set(labels[rows]) == {label} for label, rows in enumerate(found))
    share = np.isin(np.concatenate(found), swapped).mean()
    assert share > 5 * len(swapped) / len(labels)


def test_the_image_far_from_all_others_is_the_least_typical_and_a_lone_one_has_no_rest():
    values = np.random.default_rng(0).normal([5, 0, 0], 0.1, (20, 3)).astype(np.float32)
    values[7] = [0, 5, 0]
    assert outliers.least_typical(values)[0] == 7
    assert not len(outliers.least_typical(values[:1]))


@pytest.mark.slow
def test_a_search_that_is_stopped_keeps_nothing():
    def stop(progress):
        raise Stopped

    with pytest.raises(Stopped):
        outliers.search(SOURCE, stop)
    assert outliers.find(SOURCE) is None
