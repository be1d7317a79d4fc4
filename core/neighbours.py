"""Exact nearest neighbours with scikit-learn, in blocks so that the search can be stopped."""

import numpy as np

from core import threads
from core.errors import ConfigError
from core.progress import Progress, Report, silent

METRICS = {"euclidean": "Euclidean", "cosine": "Cosine"}
BLOCK = 200_000_000  # distances between two reports, less than half a second


def nearest(
    values: np.ndarray, query: np.ndarray, k: int, metric: str = "euclidean", report: Report = silent
) -> tuple[np.ndarray, np.ndarray]:
    """The k values nearest to each query, nearest first.

    Args:
        values: (n, d) float32, the vectors to search.
        query: (m, d) float32.
        k: 1 to n.
        metric: "euclidean", or "cosine" (1 minus the cosine of the angle).

    Returns:
        Indices into `values` (m, k) int64, and distances (m, k) float32.
    """
    if not 1 <= k <= len(values):
        raise ConfigError(f"{k:,} neighbours requested among {len(values):,} vectors", f"1 to {len(values):,}")
    return _search(_prepared(values, metric), _prepared(query, metric), k, metric, report)


def of_each(
    values: np.ndarray, k: int, metric: str = "euclidean", report: Report = silent
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest neighbours of each value (n, d), itself excluded; shapes as in `nearest`, k from 1 to n - 1."""
    if not 1 <= k < len(values):
        raise ConfigError(
            f"{k:,} neighbours requested for each of {len(values):,} vectors", f"1 to {len(values) - 1:,}"
        )
    points = _prepared(values, metric)
    return _search(points, points, k, metric, report, exclude_self=True)


def unit(values: np.ndarray) -> np.ndarray:
    """The vectors (n, d) scaled to unit length; zero vectors stay zero."""
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def smallest(values: np.ndarray, k: int) -> np.ndarray:
    """Columns (r, k) of the k smallest values of each row (r, n), smallest first; of equal ones the first.

    `argpartition` alone would choose among equal ones by the processor, see `findings/numpy_argsort_processor.sh`.
    """
    if k >= values.shape[1]:
        return np.argsort(values, axis=1, kind="stable")
    columns = np.sort(np.argpartition(values, k, axis=1)[:, :k], axis=1)
    largest = np.take_along_axis(values, columns, axis=1).max(axis=1, keepdims=True)
    tied = np.flatnonzero(np.count_nonzero(values <= largest, axis=1) > k)
    columns[tied] = np.sort(np.argsort(values[tied], axis=1, kind="stable")[:, :k], axis=1)
    order = np.argsort(np.take_along_axis(values, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


@threads.all_cores()
def _search(
    points: np.ndarray, query: np.ndarray, k: int, metric: str, report: Report, *, exclude_self: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """`nearest` of prepared vectors; `exclude_self`: the queries are the points, and none is its own neighbour."""
    from sklearn.neighbors import NearestNeighbors

    shift = points.mean(axis=0, dtype=np.float64).astype(np.float32)  # centring reduces rounding errors
    points = points - shift
    query = points if exclude_self else query - shift
    search = NearestNeighbors(n_neighbors=k + exclude_self, algorithm="brute").fit(points)
    indices, distances = np.empty((len(query), k), np.int64), np.empty((len(query), k), np.float32)
    rows = max(1, BLOCK // len(points))
    for start in range(0, len(query), rows):
        report(Progress("neighbours", start, len(query)))
        block = slice(start, min(start + rows, len(query)))
        block_distances, block_indices = search.kneighbors(query[block])
        if exclude_self:
            queries = np.arange(block.start, block.stop)
            block_indices, block_distances = _without_self(queries, block_indices, block_distances)
        indices[block], distances[block] = block_indices, block_distances
    return indices, distances**2 / 2 if metric == "cosine" else distances  # for unit vectors, |a - b|^2 = 2 - 2 cos


def _without_self(queries: np.ndarray, indices: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop one column (r, k): the point itself, or the farthest if more than k others are at distance zero."""
    drop = indices == queries[:, None]
    drop[~drop.any(axis=1), -1] = True
    return indices[~drop].reshape(len(indices), -1), distances[~drop].reshape(len(indices), -1)


def _prepared(values: np.ndarray, metric: str) -> np.ndarray:
    if metric not in METRICS:
        raise ConfigError(f"Unknown metric {metric!r}", f"one of {', '.join(METRICS)}")
    values = np.asarray(values, np.float32)
    return unit(values) if metric == "cosine" else values
