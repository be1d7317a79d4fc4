"""UMAP: points laid out so that the graph of their nearest neighbours stays, and new ones put among them.

McInnes, Healy and Melville, UMAP, arXiv:1802.03426 (2018); by the functions of umap-learn that its class is made of,
so that the neighbours are ours, the start is given, and every core works.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import numpy as np

from core import neighbours
from core.errors import ConfigError
from core.progress import Progress, Report, silent

SMALL = 2_500  # points
EPOCHS = (500, 100)  # up to SMALL points and beyond: from principal components on, 200 add 0.003 of trustworthiness
PLACE_EPOCHS = 100  # umap-learn's own default, as all below
RATE = 1.0  # of learning at the start
PUSHES = 5  # points that each pull of a neighbour is weighed against
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
    """Positions (n, dims) float32 of points (n, d), near in the sense of Euclidean distance.

    Threads meet in no fixed order, so that the same layout computed twice differs a little: keep it.

    Args:
        start: (n, dims), in any scale: where the layout begins.
        near: How many neighbours make the graph, the point itself included as umap-learn counts.
        min_dist: How close two points may come; 0 packs them.

    Raises:
        ConfigError: There are not more points than neighbours.
    """
    if not 2 <= near <= len(points):
        raise ConfigError(
            f"{near:,} neighbours were asked for, and there are {len(points):,} images",
            f"2 to {len(points):,} neighbours" if len(points) > 1 else "at least two images",
            "Choose another number of neighbours or more images",
        )
    warm(report)
    with _held(_turn, report):  # each takes every core
        return _lay_out(points, start, near, min_dist, seed, report)


def place(
    points: np.ndarray, positions: np.ndarray, query: np.ndarray, *, near: int, min_dist: float, seed: int = 0
) -> np.ndarray:
    """Positions (m, dims) float32 of new points (m, d) among points (n, d) and their positions, which do not move.

    What `umap.UMAP.transform` does: begin at the mean of the neighbours, then the same forces.
    """
    warm()
    import numba

    # Numba's `workqueue` ends the process when two threads use it at once; tbb and omp need not wait for a layout.
    with _held(_turn, silent) if numba.threading_layer() == "workqueue" else nullcontext():
        return _place(points, positions, query, near, min_dist, seed)


def warm(report: Report = silent) -> None:
    """Import and compile everything, ten seconds or more the first time: a map of a few points, a new one on it."""
    global _warmed
    with _held(_warming, report):
        if not _warmed:
            _listen()
            points = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
            positions = _lay_out(points, points[:, :2], 5, 0.1, 0, silent)
            _place(points, positions, points[:1], 5, 0.1, 0)
            _warmed = True


def _lay_out(
    points: np.ndarray, start: np.ndarray, near: int, min_dist: float, seed: int, report: Report
) -> np.ndarray:
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

    indices, distances = neighbours.of_each(points, near - 1, report=report)
    own = np.arange(len(points))[:, None]
    indices, distances = np.hstack([own, indices]), np.hstack([np.zeros(own.shape, np.float32), distances])
    epochs = EPOCHS[len(points) > SMALL]
    report(Progress("map", 0, epochs, unit="steps"))
    random = np.random.RandomState(seed)  # what umap-learn takes
    graph, _, _ = fuzzy_simplicial_set(points, near, random, "euclidean", knn_indices=indices, knn_dists=distances)
    a, b = find_ab_params(SPREAD, min_dist)
    positions, _ = simplicial_set_embedding(
        points, graph, start.shape[1], RATE, a, b, 1.0, PUSHES, epochs, start, random, "euclidean", {}, densmap=False,
        densmap_kwds={}, output_dens=False, parallel=True, tqdm_kwds={"report": report},
    )  # fmt: skip
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
    begin = init_graph_transform(graph.tocsr(), positions).astype(np.float32)
    graph.data[graph.data < graph.data.max() / PLACE_EPOCHS] = 0
    graph.eliminate_zeros()
    a, b = find_ab_params(SPREAD, min_dist)
    state = np.random.default_rng(seed).integers(-(2**31), 2**31, 3)
    return optimize_layout_euclidean(
        begin, positions.copy(), graph.row, graph.col, PLACE_EPOCHS, len(points),
        make_epochs_per_sample(graph.data, PLACE_EPOCHS), a, b, state, 1.0, RATE / 4, PUSHES, parallel=False,
    )  # fmt: skip


def _listen() -> None:
    """Let umap-learn's loop over its epochs run over `_told`, where there is a report.

    It tells its epochs to tqdm alone, and tqdm keeps a lock of the whole process when what it writes to raises: a stop
    heard in there would hold up every other progress bar for ever.
    """
    from umap import layouts

    bar = layouts.tqdm

    def epochs(those: range, report: Report | None = None, **options) -> Iterable[int]:
        return bar(those, **options) if report is None else _told(those, report)

    layouts.tqdm = epochs


def _told(epochs: range, report: Report) -> Iterator[int]:
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
