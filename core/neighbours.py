"""Nearest neighbours: exact, in blocks that fit into memory, for any number of points."""

from collections.abc import Callable

import numpy as np

from core.errors import ConfigError
from core.progress import Progress, Report, silent

METRICS = {"euclidean": "Euclidean distance", "cosine": "Cosine distance"}
BLOCK = 16_000_000  # distances in memory at a time: 64 MB
SPARE = 8  # more are taken than asked for, and put in order by distances without the rounding of the expanded square


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


def squared(values: np.ndarray, query: np.ndarray) -> Callable[[slice], np.ndarray]:
    """A function: a slice of the queries (m, d) -> its squared Euclidean distances (r, n) float32 to all values (n, d).

    |q - v|^2 = |q|^2 - 2 q.v + |v|^2: one matrix product. It rounds where a distance is small beside the vectors.
    """
    lengths, own = np.einsum("nd,nd->n", values, values), np.einsum("md,md->m", query, query)
    transposed = values.T

    def block(part: slice) -> np.ndarray:
        distances = (-2 * query[part]) @ transposed
        distances += lengths
        distances += own[part, None]
        return np.maximum(distances, 0, out=distances)

    return block


def _search(
    points: np.ndarray, query: np.ndarray, k: int, metric: str, report: Report, *, own: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """`nearest` of prepared vectors; `own`: the queries are the points, and none is its own neighbour."""
    shift = points.mean(axis=0, dtype=np.float64).astype(np.float32)  # short vectors are rounded less
    points, query = points - shift, query - shift
    distances = squared(points, query)
    indices, found = np.empty((len(query), k), np.int64), np.empty((len(query), k), np.float32)
    rows = max(1, BLOCK // len(points))
    for start in range(0, len(query), rows):
        report(Progress("neighbours", start, len(query)))
        part = slice(start, min(start + rows, len(query)))
        block = distances(part)
        if own:
            block[np.arange(len(block)), np.arange(part.start, part.stop)] = np.inf
        near = _smallest(block, min(k + SPARE, block.shape[1] - own))
        exact = np.linalg.norm(points[near] - query[part, None], axis=2)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        indices[part], found[part] = np.take_along_axis(near, order, 1), np.take_along_axis(exact, order, 1)
    return indices, found**2 / 2 if metric == "cosine" else found  # of unit vectors, |a - b|^2 = 2 - 2 cos


def _smallest(block: np.ndarray, k: int) -> np.ndarray:
    """Columns (r, k) of the k smallest numbers of each row, ascending, so that ties are settled the same way always."""
    if k == block.shape[1]:
        return np.broadcast_to(np.arange(k), block.shape)
    return np.sort(np.argpartition(block, k, axis=1)[:, :k], axis=1)


def _prepared(values: np.ndarray, metric: str) -> np.ndarray:
    if metric not in METRICS:
        raise ConfigError(f"The metric is {metric!r}", f"one of {', '.join(METRICS)}", "Choose one of these")
    values = np.asarray(values, np.float32)
    return unit(values) if metric == "cosine" else values
