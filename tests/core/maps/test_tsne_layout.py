"""t-SNE keeps planted clusters together, begins where it is told to, hears a stop, and takes new points in."""

import numpy as np
import pytest

from core.errors import ConfigError, Stopped
from core.maps import quality, tsne_layout


@pytest.fixture(scope="module")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    rng, labels = np.random.default_rng(0), np.arange(90) % 3
    return (rng.normal(size=(90, 6)) + 15 * np.eye(3, 6)[labels]).astype(np.float32), labels


@pytest.fixture(scope="module")
def laid(blobs) -> np.ndarray:
    points, _ = blobs
    return tsne_layout.lay_out(points, points[:, 3:5], perplexity=8)


def test_clusters_stay_clusters_wherever_it_begins(blobs, laid):
    points, labels = blobs
    assert laid.shape == (90, 2)
    assert laid.dtype == np.float32
    assert quality.judge(points, laid, labels)["knn_map"] == 1


def test_three_dimensions(blobs, monkeypatch):
    points, labels = blobs
    monkeypatch.setattr(tsne_layout, "LATER", 100)
    laid = tsne_layout.lay_out(points, points[:, 3:6], perplexity=8)
    assert laid.shape == (90, 3)
    assert quality.judge(points, laid, labels)["knn_map"] > 0.95


@pytest.mark.slow
def test_few_points_are_laid_out_the_same_every_time_from_the_same_start_in_any_scale(blobs, laid):
    points, _ = blobs
    np.testing.assert_array_equal(tsne_layout.lay_out(points, points[:, 3:5], perplexity=8), laid)
    np.testing.assert_array_equal(tsne_layout.lay_out(points, 128 * points[:, 3:5], perplexity=8), laid)
    assert not np.allclose(tsne_layout.lay_out(points, points[:, :2], perplexity=8), laid)


@pytest.mark.slow
def test_many_points_use_fft_and_every_core(blobs, monkeypatch):
    points, labels = blobs
    monkeypatch.setattr(tsne_layout, "FEW", 0)
    monkeypatch.setattr(tsne_layout, "EARLY", 50)
    monkeypatch.setattr(tsne_layout, "LATER", 50)
    laid = tsne_layout.lay_out(points, points[:, 3:5], perplexity=8)
    assert quality.judge(points, laid, labels)["knn_map"] > 0.9
    placed = tsne_layout.place(points, laid, 15 * np.eye(3, 6, dtype=np.float32))
    assert np.isfinite(placed).all()


def test_new_points_go_to_their_cluster_and_the_old_ones_stay(blobs, laid):
    points, labels = blobs
    before = laid.copy()
    new = 15 * np.eye(3, 6, dtype=np.float32) + 0.3
    placed = tsne_layout.place(points, laid, new)
    centres = np.array([laid[labels == label].mean(axis=0) for label in range(3)])
    nearest = np.linalg.norm(placed[:, None] - centres, axis=2).argmin(axis=1)
    assert nearest.tolist() == [0, 1, 2]
    assert placed.dtype == np.float32
    np.testing.assert_array_equal(laid, before)


@pytest.mark.slow
def test_points_of_the_map_find_back_to_their_places():
    points = np.random.default_rng(1).normal(size=(600, 10)).astype(np.float32)
    laid = tsne_layout.lay_out(points, points[:, :2])
    away = np.linalg.norm(tsne_layout.place(points, laid, points[:200]) - laid[:200], axis=1)
    assert np.quantile(away, 0.95) < 0.05 * np.linalg.norm(laid - laid.mean(axis=0), axis=1).mean()


def test_a_perplexity_for_more_points_says_which_is_possible(blobs):
    points, _ = blobs
    with pytest.raises(ConfigError, match=r"91 images.*90\. Expected at most 29"):
        tsne_layout.lay_out(points, points[:, :2], perplexity=30)
    with pytest.raises(ConfigError, match="at least four images"):
        tsne_layout.lay_out(points[:3], points[:3, :2], perplexity=1)


@pytest.mark.parametrize("stage", ["neighbours", "map"])
def test_a_stop_is_heard(blobs, stage):
    points, _ = blobs
    heard = []

    def report(progress):
        heard.append(progress)
        if progress.stage == stage and progress.done >= (20 if stage == "map" else 0):
            raise Stopped()

    with pytest.raises(Stopped):
        tsne_layout.lay_out(points, points[:, :2], perplexity=8, report=report)
    assert heard[-1].stage == stage
    assert heard[-1].done <= 20
