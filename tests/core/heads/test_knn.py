"""Nearest neighbours: votes, and the number of neighbours."""

import numpy as np

from core.heads import Options
from tests.core.heads.blobs import blobs, fit


def test_neighbours_vote_in_shares():
    head = fit("knn", spread=3.0, options=Options(neighbours=4))
    shares = head.predict_proba(blobs(2, spread=3.0)[0]) * 4
    np.testing.assert_allclose(shares, shares.round(), atol=1e-6)
    assert head.chosen["neighbours"] == 4


def test_the_number_of_neighbours_is_chosen_on_validation_the_smallest_of_equals():
    noisy, clear = fit("knn", spread=3.0), fit("knn")
    assert noisy.chosen["validation_accuracy"] == max(point["validation_accuracy"] for point in noisy.curves)
    assert clear.chosen["neighbours"] == 1
