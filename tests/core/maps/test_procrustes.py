"""A map that was turned, mirrored, scaled and moved comes back, and no other change is undone."""

import numpy as np
import pytest

from core.maps import procrustes


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("mirrored", [1, -1])
def test_a_turned_map_comes_back(dims, mirrored):
    rng = np.random.default_rng(0)
    before = rng.normal(size=(100, dims))
    turn, _ = np.linalg.qr(rng.normal(size=(dims, dims)))
    turn[:, 0] *= mirrored
    after = 3.5 * before @ turn + rng.normal(size=dims)
    fitted = procrustes.fit(before, after)
    np.testing.assert_allclose(fitted.apply(after), before, atol=1e-5)
    np.testing.assert_allclose(fitted.scale, 1 / 3.5)


def test_distances_keep_their_ratios():
    rng = np.random.default_rng(1)
    before, after = rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    aligned = procrustes.fit(before, after).apply(after)
    ratios = np.linalg.norm(np.diff(aligned, axis=0), axis=1) / np.linalg.norm(np.diff(after, axis=0), axis=1)
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)


def test_other_images_cannot_be_aligned():
    with pytest.raises(ValueError, match="aligned"):
        procrustes.fit(np.zeros((5, 2)), np.zeros((4, 2)))


def test_a_map_of_one_point_is_only_moved():
    aligned = procrustes.fit(np.zeros((3, 2)), np.ones((3, 2)))
    np.testing.assert_allclose(aligned.apply(np.ones((3, 2))), 0)
