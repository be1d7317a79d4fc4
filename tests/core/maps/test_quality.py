"""Quality of a map: what scikit-learn computes, and planted answers for what it does not."""

import numpy as np
import pytest

from core.maps import quality as map_quality


@pytest.fixture
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Three clusters of 60, far apart, in ten dimensions."""
    rng, labels = np.random.default_rng(0), np.repeat([0, 1, 2], 60)
    return (rng.normal(size=(180, 10)) + 20 * np.eye(3, 10)[labels]).astype(np.float32), labels


def test_numbers_are_scikit_learns(blobs):
    from sklearn.manifold import trustworthiness
    from sklearn.metrics import silhouette_score

    values, labels = blobs
    positions = values[:, 3:5].copy()  # a map that lost the clusters
    quality = map_quality.judge(values, positions, labels)
    assert quality["trustworthiness"] == pytest.approx(trustworthiness(values, positions, n_neighbors=12), abs=1e-4)
    assert quality["continuity"] == pytest.approx(trustworthiness(positions, values, n_neighbors=12), abs=1e-4)
    assert quality["silhouette_full"] == pytest.approx(silhouette_score(values, labels), abs=1e-4)
    assert quality["silhouette_map"] == pytest.approx(silhouette_score(positions, labels), abs=1e-4)
    assert quality["knn_full"] == 1
    assert quality["knn_map"] < 0.6
    assert (quality["near"], quality["voters"], quality["judged"]) == (12, 15, 180)


def test_a_true_map_is_perfect_and_a_shuffled_one_is_worth_nothing(blobs):
    _, labels = blobs
    flat = np.random.default_rng(1).normal(size=(180, 2)) + 20 * np.eye(3, 2)[labels]
    true = map_quality.judge(flat, 3 * flat + 1, labels)
    assert (true["trustworthiness"], true["continuity"], true["knn_map"]) == (1, 1, 1)
    shuffled = map_quality.judge(flat, np.random.default_rng(2).permutation(flat), labels)
    assert shuffled["trustworthiness"] == pytest.approx(0.5, abs=0.1)
    assert shuffled["silhouette_map"] == pytest.approx(0, abs=0.1)


def test_a_sample_is_judged_against_all_and_is_near_the_whole(blobs, monkeypatch):
    values, labels = blobs
    whole = map_quality.judge(values, values[:, 3:5], labels)
    monkeypatch.setattr(map_quality, "MOST", 90)
    sample = map_quality.judge(values, values[:, 3:5], labels)
    assert sample["judged"] == 90
    for name in ("trustworthiness", "continuity", "silhouette_full", "silhouette_map"):
        assert sample[name] == pytest.approx(whole[name], abs=0.04)
    assert sample == map_quality.judge(values, values[:, 3:5], labels)
    assert sample != map_quality.judge(values, values[:, 3:5], labels, seed=1)


def test_blocks_make_no_difference(blobs, monkeypatch):
    values, labels = blobs
    whole = map_quality.judge(values, values[:, :2], labels)
    monkeypatch.setattr(map_quality, "BLOCK", 181)
    assert map_quality.judge(values, values[:, :2], labels) == pytest.approx(whole)


def test_cosine_judges_by_angles(blobs):
    values, labels = blobs
    lengths = np.random.default_rng(3).uniform(0.1, 10, size=(180, 1))
    quality = map_quality.judge(lengths * values, values[:, :2], labels, metric="cosine")
    assert quality["knn_full"] == 1


def test_one_class_leaves_out_what_is_by_class(blobs):
    values, _ = blobs
    quality = map_quality.judge(values, values[:, :2], np.zeros(180, int))
    assert set(quality) == {"trustworthiness", "continuity", "near", "voters", "judged"}


def test_too_few_images_leave_out_neighbourhoods():
    quality = map_quality.judge(np.eye(3), np.eye(3)[:, :2], np.array([0, 1, 1]))
    assert "trustworthiness" not in quality
    assert 0 <= quality["knn_map"] <= 1


def test_few_images_are_judged_by_fewer_neighbours(blobs):
    values, labels = blobs
    quality = map_quality.judge(values[::18], values[::18, :2], labels[::18])
    assert quality["near"] == 4
    assert 0 <= quality["trustworthiness"] <= 1


def test_the_only_image_of_a_class_has_no_silhouette(blobs):
    values, labels = blobs
    labels = np.where(np.arange(180) == 0, 9, labels)
    assert np.isfinite(map_quality.judge(values, values[:, :2], labels)["silhouette_map"])


def test_neighbours_among_other_peoples_images_say_whether_a_network_sees_things_or_people():
    rng, labels, owners = np.random.default_rng(0), np.tile([0, 1, 2], 60), np.repeat([0, 1, 2], 60)
    noise = rng.normal(size=(180, 10))
    things = (noise + 20 * np.eye(3, 10)[labels]).astype(np.float32)
    assert map_quality.by_others(things, labels, owners) == 1
    rooms = (noise + 20 * np.eye(3, 10)[owners]).astype(np.float32)
    assert map_quality.by_others(rooms, labels, owners) == pytest.approx(1 / 3, abs=0.15)
    own = np.where(owners == 0, 3, labels)  # a class that only one person has cannot be found among others
    assert map_quality.by_others((noise + 20 * np.eye(4, 10)[own]).astype(np.float32), own, owners) == 1
    assert map_quality.by_others(things, owners, owners) is None
