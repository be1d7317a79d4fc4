"""UMAP keeps planted clusters together, hears a stop, takes new points in, and bears two callers at once."""

import inspect
import io
import threading
from importlib.metadata import version

import numpy as np
import pytest

from core.errors import ConfigError, Stopped
from core.maps import procrustes, quality, umap_layout

pytestmark = pytest.mark.slow  # compiling takes half a minute


@pytest.fixture(scope="module")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    rng, labels = np.random.default_rng(0), np.arange(120) % 3
    return (rng.normal(size=(120, 6)) + 15 * np.eye(3, 6)[labels]).astype(np.float32), labels


@pytest.fixture(scope="module")
def laid(blobs) -> np.ndarray:
    points, _ = blobs
    return umap_layout.lay_out(points, points[:, 3:5], near=10)


def test_clusters_stay_clusters_wherever_it_begins(blobs, laid):
    points, labels = blobs
    assert laid.shape == (120, 2)
    assert laid.dtype == np.float32
    assert quality.judge(points, laid, labels)["knn_map"] == 1


def test_what_is_compiled_is_kept_for_the_next_process_except_where_numba_would_take_it_for_another():
    import numba
    from umap import layouts, umap_

    umap_layout.warm()
    together = layouts._nb_optimize_layout_euclidean_single_epoch_parallel
    for function in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, together):
        options = {name: value for name, value in function.targetoptions.items() if name != "nopython"}
        anew = numba.njit(**options)(function.py_func)
        anew.enable_caching()
        for signature in function.signatures:
            anew.compile(signature)
        assert function.stats.cache_path
        assert sum(anew.stats.cache_hits.values()) == len(function.signatures) > 0
    alone = layouts._nb_optimize_layout_euclidean_single_epoch
    assert alone.signatures and alone.stats.cache_path is None


def test_three_dimensions(blobs):
    points, labels = blobs
    laid = umap_layout.lay_out(points, points[:, :3], near=10)
    assert laid.shape == (120, 3)
    assert quality.judge(points, laid, labels)["knn_map"] == 1


def test_it_begins_where_it_is_told_to(monkeypatch):
    monkeypatch.setattr(umap_layout, "EPOCHS", (1, 1))
    points = np.random.default_rng(0).uniform(size=(200, 6)).astype(np.float32)
    for start in (points[:, :2], points[:, 4:6]):
        laid = umap_layout.lay_out(points, start, near=10)
        away = np.linalg.norm(procrustes.fit(start, laid).apply(laid) - start, axis=1).mean()
        assert away < start.std() / 2


def test_new_points_go_to_their_cluster_and_the_old_ones_stay(blobs, laid):
    points, labels = blobs
    before = laid.copy()
    placed = umap_layout.place(points, laid, 15 * np.eye(3, 6, dtype=np.float32) + 0.3, near=10, min_dist=0.1)
    centres = np.array([laid[labels == label].mean(axis=0) for label in range(3)])
    assert np.linalg.norm(placed[:, None] - centres, axis=2).argmin(axis=1).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(laid, before)


def test_more_neighbours_than_images_says_how_many_are_possible(blobs):
    points, _ = blobs
    with pytest.raises(ConfigError, match=r"130 neighbours .* 120 images"):
        umap_layout.lay_out(points, points[:, :2], near=130)
    with pytest.raises(ConfigError, match="at least two images"):
        umap_layout.lay_out(points[:1], points[:1, :2])


def test_as_many_neighbours_as_images_are_possible(blobs):
    points, _ = blobs
    assert np.isfinite(umap_layout.lay_out(points[:6], points[:6, :2], near=6)).all()


@pytest.mark.parametrize("stage", ["neighbours", "map"])
def test_a_stop_is_heard(blobs, stage):
    points, _ = blobs
    heard = []

    def report(progress):
        heard.append(progress)
        if progress.stage == stage and (stage == "neighbours" or progress.done):
            raise Stopped()

    with pytest.raises(Stopped):
        umap_layout.lay_out(points, points[:, :2], near=10, report=report)
    assert heard[-1].stage == stage
    assert heard[-1].done <= 1


def test_a_stopped_layout_holds_up_no_progress_bar_of_another_thread(blobs):
    from tqdm import tqdm

    def report(progress):
        if progress.stage == "map" and progress.done:
            raise Stopped()

    with pytest.raises(Stopped):
        umap_layout.lay_out(blobs[0], blobs[0][:, :2], near=10, report=report)
    drawn = []
    other = threading.Thread(
        target=lambda: drawn.extend(tqdm(range(3), file=io.StringIO(), mininterval=0)), daemon=True
    )
    other.start()
    other.join(timeout=240)
    assert drawn == [0, 1, 2]


@pytest.mark.parametrize("layer", ["own", "workqueue"])
def test_layouts_and_new_points_at_once_do_not_end_the_process(blobs, laid, monkeypatch, layer):
    points, _ = blobs
    monkeypatch.setattr(umap_layout, "EPOCHS", (50, 50))
    if layer == "workqueue":  # as where there is no OpenMP
        monkeypatch.setattr("numba.threading_layer", lambda: "workqueue")
    done = []
    works = [
        lambda: umap_layout.lay_out(points, points[:, :2], near=10),
        lambda: umap_layout.place(points, laid, points[:5], near=10, min_dist=0.1),
    ]
    threads = [threading.Thread(target=lambda work=work: done.append(work())) for work in 2 * works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    assert len(done) == 4
    assert all(np.isfinite(positions).all() for positions in done)


def test_the_functions_inside_umap_learn_are_those_that_the_layout_calls():
    """They are not its public interface: look at each before another version is pinned."""
    import umap.layouts
    import umap.umap_

    assert version("umap-learn") == "0.5.12"
    assert hasattr(umap.layouts, "tqdm")  # replaced, to report progress
    expected = {
        umap.umap_.find_ab_params: "spread min_dist",
        umap.umap_.fuzzy_simplicial_set: "X n_neighbors random_state metric",
        umap.umap_.simplicial_set_embedding: "data graph n_components initial_alpha a b gamma negative_sample_rate "
        "n_epochs init random_state metric metric_kwds densmap densmap_kwds output_dens",
        umap.umap_.smooth_knn_dist: "distances k",
        umap.umap_.compute_membership_strengths: "knn_indices knn_dists sigmas rhos",
        umap.umap_.init_graph_transform: "graph embedding",
        umap.umap_.make_epochs_per_sample: "weights n_epochs",
        umap.layouts.optimize_layout_euclidean: "head_embedding tail_embedding head tail n_epochs n_vertices "
        "epochs_per_sample a b rng_state gamma initial_alpha negative_sample_rate parallel",
    }
    for function, names in expected.items():
        parameters = list(inspect.signature(function).parameters)
        assert parameters[: len(names.split())] == names.split(), function
