"""UMAP: a layout that preserves the graph of nearest neighbours, and the placement of new points in it.

McInnes, Healy and Melville, UMAP, arXiv:1802.03426 (2018). Uses the functions beneath umap-learn's class, so that the
neighbours are ours, the start can be given, and every core is used.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import numpy as np

from core import neighbours
from core.errors import ConfigError
from core.progress import Progress, Report, silent

SMALL = 2_500  # points
EPOCHS = (500, 100)  # up to SMALL points, and beyond: from principal components, 200 would add 0.003 of trustworthiness
PLACE_EPOCHS = 100  # umap-learn's default, like all below
RATE = 1.0  # initial learning rate
NEGATIVE_SAMPLES = 5  # points that repel, for each neighbour that attracts
SPREAD = 1.0

_warming, _turn = threading.Lock(), threading.Lock()
_warmed = False


def lay_out(
    points: np.ndarray,
    start: np.ndarray,
    *,
    near: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    report: Report = silent,
) -> np.ndarray:
    """Positions (n, dims) float32 of points (n, d), by Euclidean distance.

    Threads run in no fixed order, so computing the same layout twice gives slightly different positions.

    Args:
        start: (n, dims), at any scale: the initial layout.
        near: Number of neighbours in the graph, including the point itself, as umap-learn counts.
        min_dist: Smallest distance between points; 0 packs them densely.

    Raises:
        ConfigError: There are not more points than neighbours.
    """
    if not 2 <= near <= len(points):
        raise ConfigError(
            f"{near:,} neighbours cannot be found among {len(points):,} images",
            f"2 to {len(points):,} neighbours" if len(points) > 1 else "at least two images",
            "Choose another number of neighbours or more images",
        )
    warm(report)
    with _held(_turn, report):  # every layout uses all cores
        return _lay_out(points, start, near, min_dist, seed, report)


def place(
    points: np.ndarray, positions: np.ndarray, query: np.ndarray, *, near: int, min_dist: float, seed: int = 0
) -> np.ndarray:
    """Positions (m, dims) float32 of new points (m, d) among points (n, d) and their positions, which do not move.

    As `umap.UMAP.transform` does: start at the mean of the neighbours, then apply the same forces.
    """
    warm()
    import numba

    # Numba's `workqueue` ends the process if two threads use it at once; with tbb and omp, no need to wait.
    layer = numba.threading_layer()  # pyright: ignore[reportPrivateImportUsage]
    with _held(_turn, silent) if layer == "workqueue" else nullcontext():
        return _place(points, positions, query, near, min_dist, seed)


def warm(report: Report = silent) -> None:
    """Import and compile everything by laying out a few points: a second, the first time on this machine ten."""
    global _warmed
    with _held(_warming, report):
        if not _warmed:
            _report_epochs()
            _keep_compiled()
            points = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
            positions = _lay_out(points, points[:, :2], 5, 0.1, 0, silent)
            _place(points, positions, points[:1], 5, 0.1, 0)
            _warmed = True


def _lay_out(
    points: np.ndarray, start: np.ndarray, near: int, min_dist: float, seed: int, report: Report
) -> np.ndarray:
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

    indices, distances = neighbours.of_each(points, near - 1, report=report)
    itself = np.arange(len(points))[:, None]
    indices, distances = np.hstack([itself, indices]), np.hstack([np.zeros(itself.shape, np.float32), distances])
    epochs = EPOCHS[len(points) > SMALL]
    report(Progress("map", 0, epochs, unit="steps"))
    random = np.random.RandomState(seed)  # what umap-learn takes
    graph = fuzzy_simplicial_set(points, near, random, "euclidean", knn_indices=indices, knn_dists=distances)[0]
    a, b = find_ab_params(SPREAD, min_dist)
    positions, _ = simplicial_set_embedding(
        points,
        graph,
        n_components=start.shape[1],
        initial_alpha=RATE,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=NEGATIVE_SAMPLES,
        n_epochs=epochs,
        init=start,
        random_state=random,
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=True,
        tqdm_kwds={"report": report},
    )
    return positions.astype(np.float32)


def _place(
    points: np.ndarray, positions: np.ndarray, query: np.ndarray, near: int, min_dist: float, seed: int
) -> np.ndarray:
    from scipy.sparse import coo_matrix
    from umap.layouts import optimize_layout_euclidean
    from umap.umap_ import (
        compute_membership_strengths,
        find_ab_params,
        init_graph_transform,
        make_epochs_per_sample,
        smooth_knn_dist,
    )

    indices, distances = neighbours.nearest(points, query, near)
    sigmas, rhos = smooth_knn_dist(distances, float(near), local_connectivity=0.0)
    rows, columns, weights, _ = compute_membership_strengths(indices, distances, sigmas, rhos, bipartite=True)
    graph = coo_matrix((weights, (rows, columns)), shape=(len(query), len(points)))
    start = init_graph_transform(graph.tocsr(), positions).astype(np.float32)
    graph.data[graph.data < graph.data.max() / PLACE_EPOCHS] = 0
    graph.eliminate_zeros()
    a, b = find_ab_params(SPREAD, min_dist)
    state = np.random.default_rng(seed).integers(-(2**31), 2**31, 3)
    placed = optimize_layout_euclidean(
        start,
        positions.copy(),
        head=graph.row,
        tail=graph.col,
        n_epochs=PLACE_EPOCHS,
        n_vertices=len(points),
        epochs_per_sample=make_epochs_per_sample(graph.data, PLACE_EPOCHS),
        a=a,
        b=b,
        rng_state=state,
        gamma=1.0,
        initial_alpha=RATE / 4,
        negative_sample_rate=NEGATIVE_SAMPLES,
        parallel=False,
    )
    return np.asarray(placed)


def _keep_compiled() -> None:
    """Let Numba keep what it compiles for the next process, beside umap-learn or in the user's cache.

    Not the layout for one thread: it has the name of the one for several, and Numba takes either for the other
    (`findings/numba_cache_parallel.sh`).
    """
    from umap import layouts, umap_

    together = layouts._nb_optimize_layout_euclidean_single_epoch_parallel
    for function in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, together):
        function.enable_caching()


def _report_epochs() -> None:
    """Replace the tqdm of umap-learn's epochs by `_reported` when there is a report.

    umap-learn reports only to tqdm, which keeps a process-wide lock if its output raises: a stop raised in there would
    block every other progress bar for ever.
    """
    from umap import layouts

    bar = layouts.tqdm

    def epochs(steps: range, report: Report | None = None, **options) -> Iterable[int]:
        return bar(steps, **options) if report is None else _reported(steps, report)

    layouts.tqdm = epochs


def _reported(epochs: range, report: Report) -> Iterator[int]:
    for epoch in epochs:
        report(Progress("map", epoch, len(epochs), unit="steps"))
        yield epoch


@contextmanager
def _held(lock: threading.Lock, report: Report) -> Iterator[None]:
    while not lock.acquire(timeout=0.3):
        report(Progress("wait", 0, 0))
    try:
        yield
    finally:
        lock.release()
