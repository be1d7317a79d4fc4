"""Nearest neighbours: exact, by scikit-learn, in blocks between which a stop is heard."""

import numpy as np

from core.errors import ConfigError
from core.progress import Progress, Report, silent

METRICS = {"euclidean": "Euclidean distance", "cosine": "Cosine distance"}
BLOCK = 200_000_000  # distances between two reports: less than half a second


def nearest(
    values: np.ndarray, query: np.ndarray, k: int, metric: str = "euclidean", report: Report = silent
) -> tuple[np.ndarray, np.ndarray]:
    """The k values nearest to each query, nearest first.

    Args:
        values: (n, d) float32, among which to look.
        query: (m, d) float32.
        k: 1 to n.
        metric: "euclidean", or "cosine": 1 less the cosine of the angle.

    Returns:
        Indices into `values` (m, k) int64, and distances (m, k) float32.
    """
    if not 1 <= k <= len(values):
        raise ConfigError(f"Asked for {k:,} neighbours among {len(values):,} vectors", f"1 to {len(values):,}")
    return _search(_prepared(values, metric), _prepared(query, metric), k, metric, report)


def of_each(
    values: np.ndarray, k: int, metric: str = "euclidean", report: Report = silent
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest others of each of the values (n, d); shapes as in `nearest`, k from 1 to n - 1."""
    if not 1 <= k < len(values):
        raise ConfigError(f"Asked for {k:,} neighbours of each of {len(values):,} vectors", f"1 to {len(values) - 1:,}")
    points = _prepared(values, metric)
    return _search(points, points, k, metric, report, own=True)


def unit(values: np.ndarray) -> np.ndarray:
    """Each vector (n, d) scaled to length one; a zero vector stays."""
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def _search(
    points: np.ndarray, query: np.ndarray, k: int, metric: str, report: Report, *, own: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """`nearest` of prepared vectors; `own`: the queries are the points, and none is its own neighbour."""
    from sklearn.neighbors import NearestNeighbors

    shift = points.mean(axis=0, dtype=np.float64).astype(np.float32)  # short vectors are rounded less
    points = points - shift
    query = points if own else query - shift
    among = NearestNeighbors(n_neighbors=k + own, algorithm="brute").fit(points)
    indices, found = np.empty((len(query), k), np.int64), np.empty((len(query), k), np.float32)
    rows = max(1, BLOCK // len(points))
    for start in range(0, len(query), rows):
        report(Progress("neighbours", start, len(query)))
        part = slice(start, min(start + rows, len(query)))
        distances, near = among.kneighbors(query[part])
        if own:
            near, distances = _without(np.arange(part.start, part.stop), near, distances)
        indices[part], found[part] = near, distances
    return indices, found**2 / 2 if metric == "cosine" else found  # of unit vectors, |a - b|^2 = 2 - 2 cos


def _without(own: np.ndarray, near: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All but one column (r, k): a point itself, or the farthest where more than k others are as near as it is."""
    drop = near == own[:, None]
    drop[~drop.any(axis=1), -1] = True
    return near[~drop].reshape(len(near), -1), distances[~drop].reshape(len(near), -1)


def _prepared(values: np.ndarray, metric: str) -> np.ndarray:
    if metric not in METRICS:
        raise ConfigError(f"The metric is {metric!r}", f"one of {', '.join(METRICS)}", "Choose one of these")
    values = np.asarray(values, np.float32)
    return unit(values) if metric == "cosine" else values
