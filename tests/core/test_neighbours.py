"""Neighbours are exact, whatever the block, the metric and the ties."""

import numpy as np
import pytest

from core import neighbours
from core.errors import ConfigError


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)


def brute_force(values: np.ndarray, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    distances = np.linalg.norm(query[:, None].astype(float) - values[None].astype(float), axis=2)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.mark.parametrize("block", [301, 100_000_000])
def test_nearest_are_those_of_all_pairs_in_blocks_of_any_size(values, monkeypatch, block):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    query = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    indices, distances = neighbours.nearest(values, query, 7)
    expected = brute_force(values, query, 7)
    assert np.array_equal(indices, expected[0])
    np.testing.assert_allclose(distances, expected[1], rtol=1e-5)
    assert indices.dtype == np.int64
    assert distances.dtype == np.float32


def test_cosine_is_one_less_the_cosine_of_the_angle(values):
    scaled = values * np.random.default_rng(2).uniform(0.1, 10, size=(300, 1)).astype(np.float32)
    indices, distances = neighbours.nearest(scaled, values[:5], 4, metric="cosine")
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    cosines = np.take_along_axis(unit[:5] @ unit.T, indices, axis=1)
    assert np.array_equal(indices[:, 0], np.arange(5))
    np.testing.assert_allclose(distances, 1 - cosines, atol=1e-5)


def test_small_distances_between_long_vectors_are_not_lost_to_rounding():
    line = 1000 + 1e-2 * np.arange(50, dtype=np.float32)[:, None]
    _, distances = neighbours.of_each(np.hstack([line, np.full((50, 63), 1000, np.float32)]), 1)
    np.testing.assert_allclose(distances, 1e-2, rtol=0.02)


def test_no_point_is_its_own_neighbour_even_where_points_are_the_same():
    values = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    indices, distances = neighbours.of_each(values, 3)
    assert all(index not in found for index, found in enumerate(indices))
    assert distances.max() == 0
    assert np.array_equal(np.sort(indices[0]), [1, 2, 3])


def test_all_others_can_be_asked_for(values):
    indices, _ = neighbours.of_each(values[:20], 19)
    assert np.array_equal(np.sort(indices[4]), np.delete(np.arange(20), 4))


def test_zero_vectors_have_a_cosine_distance():
    _, distances = neighbours.nearest(np.zeros((2, 3), np.float32), np.ones((1, 3), np.float32), 1, metric="cosine")
    assert np.isfinite(distances).all()


@pytest.mark.parametrize("k", [0, 301])
def test_more_neighbours_than_there_are_is_said_in_words(values, k):
    with pytest.raises(ConfigError, match=r"Expected 1 to 300"):
        neighbours.nearest(values, values[:1], k)


def test_an_unknown_metric_names_the_known_ones(values):
    with pytest.raises(ConfigError, match="euclidean, cosine"):
        neighbours.of_each(values, 1, metric="manhattan")


def test_a_stop_is_heard_between_blocks(values, monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", 3000)
    heard = []
    neighbours.of_each(values, 3, report=heard.append)
    assert [progress.done for progress in heard] == list(range(0, 300, 10))


@pytest.mark.parametrize("k", [1, 7, 200, 300])
def test_of_equal_values_the_first_are_the_smallest_on_every_processor(k):
    values = np.random.default_rng(0).integers(0, 4, (50, 300)).astype(np.float32)
    assert np.array_equal(neighbours.smallest(values, k), np.argsort(values, axis=1, kind="stable")[:, :k])
    assert np.array_equal(neighbours.smallest(np.zeros((2, 300)), k), [np.arange(k)] * 2)
