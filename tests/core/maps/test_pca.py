"""Principal components: planted directions are found, and nothing to tell apart is said."""

import numpy as np
import pytest

from core.errors import MapError
from core.maps import pca


@pytest.fixture
def values() -> np.ndarray:
    """Standard deviations of 3, 2 and 1 along the first three of ten axes, moved away from 0."""
    spread = np.array([3, 2, 1, *[1e-3] * 7])
    return (5 + np.random.default_rng(0).normal(size=(2000, 10)) * spread).astype(np.float32)


def test_axes_and_explained_variance_are_the_planted_ones(values):
    space = pca.fit(values, 3)
    np.testing.assert_allclose(np.abs(space.axes[:, :3]), np.eye(3), atol=0.05)
    np.testing.assert_allclose(space.explained, np.array([9, 4, 1]) / 14, atol=0.03)
    points = space.apply(values)
    np.testing.assert_allclose(points.std(axis=0), [3, 2, 1], rtol=0.06)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-3)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("longest", [pca.COVARIANCE, 100])
def test_nearly_identical_frames_differ_along_the_planted_axes(metric, longest, monkeypatch):
    """Features of a still camera: their differences are a ten-thousandth of their values."""
    monkeypatch.setattr(pca, "COVARIANCE", longest)
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(320, 20)))[0].T
    shares = np.array([4, 2, 1, *[0.2] * 17])
    differences = (random.normal(size=(400, 20)) * np.sqrt(shares)) @ axes
    frames = (np.abs(random.normal(0.5, 1, 320)) + 1e-3 * differences).astype(np.float32)
    space = pca.fit(frames, 20, metric=metric)
    np.testing.assert_allclose(space.explained[:3], shares[:3] / shares.sum(), rtol=0.15)
    points = space.apply(frames)
    assert points[:, 0].var() / points.var(axis=0).sum() == pytest.approx(space.explained[0], rel=0.05)


def test_new_vectors_go_where_the_old_ones_are(values):
    space = pca.fit(values[:1000], 2)
    np.testing.assert_allclose(space.apply(values)[:1000], space.apply(values[:1000]), atol=1e-5)


def test_cosine_forgets_lengths(values):
    space = pca.fit(values, 3, metric="cosine")
    np.testing.assert_allclose(space.apply(7 * values), space.apply(values), atol=1e-5)


def test_no_components_leave_the_vectors_as_they_are(values):
    assert np.array_equal(pca.fit(values, 0).apply(values), values)


def test_never_more_components_than_images_or_numbers_allow(values):
    assert pca.fit(values, 50).axes.shape == (10, 10)
    assert pca.fit(values[:4], 50).axes.shape == (3, 10)


def test_long_vectors_take_the_randomised_search_and_its_seed(values, monkeypatch):
    exact = pca.fit(values, 3).apply(values)
    monkeypatch.setattr(pca, "COVARIANCE", 5)
    np.testing.assert_allclose(pca.fit(values, 3, seed=1).apply(values), exact, atol=0.05)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_equal_vectors_cannot_be_told_apart(metric):
    with pytest.raises(MapError, match="All 5 vectors"):
        pca.fit(np.ones((5, 4), np.float32), 2, metric=metric)


def test_a_number_that_is_none_is_not_drawn(values):
    values[3, 3] = np.nan
    with pytest.raises(MapError, match="non-finite"):
        pca.fit(values, 2)


def test_vectors_of_another_network_are_refused(values):
    with pytest.raises(MapError, match=r"\(n, 10\)"):
        pca.fit(values, 2).apply(values[:, :9])
