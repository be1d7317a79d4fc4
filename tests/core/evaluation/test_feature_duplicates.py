"""Mirrored copies are found by features too, the result is kept, and other images are not called copies."""

import numpy as np
import pytest

from core.data import datasets, flawed
from core.embeddings import Source
from core.errors import Stopped
from core.evaluation import feature_duplicates
from core.features.estimates import Count

SOURCE = Source(dataset=datasets.FLAWED, backbone="EfficientNetLite0", input_size=64)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_results")]


def test_mirrored_copies_are_the_nearest_and_the_surest():
    copies, originals, _ = flawed.faults(datasets.load(datasets.SAMPLE))
    assert feature_duplicates.find(SOURCE) is None
    counted = Count("feature-duplicates")
    feature_duplicates.count(SOURCE, into=counted)
    found = feature_duplicates.search(SOURCE)
    assert feature_duplicates.find(SOURCE) == found
    assert found.n_test == 500
    agreements = [pair.agreement for pair in found.leaks]
    assert agreements == sorted(agreements, reverse=True)
    assert min(agreements) >= feature_duplicates.MIN_THRESHOLD
    twins = {pair.row: pair.twin for pair in found.leaks}
    right = [twins.get(row) == twin for row, twin in zip(originals.tolist(), copies.tolist(), strict=True)]
    assert np.mean(right) > 0.9
    others = set(twins) - set(originals.tolist())
    assert len(others & set(found.leaked(feature_duplicates.THRESHOLD).tolist())) <= 5


def test_a_search_that_is_stopped_keeps_nothing():
    def stop(progress):
        raise Stopped

    with pytest.raises(Stopped):
        feature_duplicates.search(SOURCE, stop)
    assert feature_duplicates.find(SOURCE) is None
