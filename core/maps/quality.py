"""How far a map can be trusted: what of the neighbourhoods of the full space it keeps, what it makes up.

Trustworthiness and continuity: Venna and Kaski, Local multidimensional scaling, Neural Networks 19 (2006).
"""

from collections.abc import Callable

import numpy as np

from core import neighbours
from core.data.splits import subsample
from core.progress import Progress, Report, silent

MOST = 5_000  # images that are judged, each against all others; where there are more, a sample with every class's share
NEAR = 12  # neighbours of trustworthiness and continuity
VOTERS = 15  # neighbours that vote
BLOCK = 16_000_000  # distances in memory at a time: 64 MB


def judge(
    values: np.ndarray,
    positions: np.ndarray,
    labels: np.ndarray,
    *,
    metric: str = "euclidean",
    seed: int = 0,
    report: Report = silent,
) -> dict[str, float]:
    """Numbers by name, each for the full space (n, d), for the map (n, dims), or of one against the other.

    `trustworthiness`: 1 where the neighbours on the map are neighbours in the full space too; it falls with the ranks
    they really have. `continuity`: 1 where the neighbours in the full space are still neighbours on the map.
    `knn_full`, `knn_map`: share of images whose nearest others vote for the image's own class. `silhouette_full`,
    `silhouette_map`: -1 to 1, how much nearer an image lies to its own class than to the nearest other one.
    `near`, `voters`: how many neighbours that is; `judged`: how many images were asked, each against all others.

    What cannot be had is left out: by class with one class only, neighbours among too few images.
    """
    full = neighbours.unit(values) if metric == "cosine" else values
    full, positions = full - full.mean(axis=0), positions - positions.mean(axis=0)
    asked = np.arange(len(full))
    if len(asked) > MOST:
        asked = np.sort(subsample(asked, labels, MOST, seed=seed))
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    of_full, of_map = _squared(full, full[asked]), _squared(positions, positions[asked])
    near, voters = min(NEAR, len(full) // 2 - 1), min(VOTERS, len(full) - 1)
    sums = dict.fromkeys(("intruders", "missing", "knn_full", "knn_map", "silhouette_full", "silhouette_map"), 0.0)
    rows = max(1, BLOCK // len(full))
    for start in range(0, len(asked), rows):
        report(Progress("judge", start, len(asked)))
        part = slice(start, min(start + rows, len(asked)))
        own = np.arange(part.stop - part.start), asked[part]
        spaces = {"full": of_full(part), "map": of_map(part)}
        nearest = {}
        for name, block in spaces.items():
            block[own] = np.inf
            nearest[name] = _sorted_smallest(block, max(near, voters))
            if len(counts) > 1:
                sums[f"knn_{name}"] += _agree(codes[nearest[name][:, :voters]], codes[asked[part]], len(counts))
                block[own] = 0
                sums[f"silhouette_{name}"] += _silhouettes(np.sqrt(block), codes, codes[asked[part]], counts).sum()
                block[own] = np.inf
        if near > 0:
            sums["intruders"] += _excess(spaces["full"], nearest["map"][:, :near])
            sums["missing"] += _excess(spaces["map"], nearest["full"][:, :near])
    result = {}
    if near > 0:
        worst = len(asked) * near * (2 * len(full) - 3 * near - 1) / 2
        result |= {"trustworthiness": 1 - sums["intruders"] / worst, "continuity": 1 - sums["missing"] / worst}
    if len(counts) > 1:
        result |= {
            name: float(value) / len(asked) for name, value in sums.items() if name.startswith(("knn", "silhouette"))
        }
    return result | {"near": max(near, 0), "voters": voters, "judged": len(asked)}


def _squared(values: np.ndarray, query: np.ndarray) -> Callable[[slice], np.ndarray]:
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


def _sorted_smallest(block: np.ndarray, k: int) -> np.ndarray:
    """Columns (r, k) of the k smallest numbers of each row, smallest first."""
    found = np.argpartition(block, k, axis=1)[:, :k] if k < block.shape[1] else np.arange(k)[None].repeat(len(block), 0)
    order = np.argsort(np.take_along_axis(block, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)


def _excess(block: np.ndarray, columns: np.ndarray) -> float:
    """By how much the ranks, from 1 by distance (r, n), of these columns (r, k) exceed k, summed where they do."""
    k = columns.shape[1]
    ranks = np.empty(columns.shape, np.int64)
    for i in range(k):
        ranks[:, i] = 1 + np.count_nonzero(block < np.take_along_axis(block, columns[:, i : i + 1], 1), axis=1)
    return float(np.maximum(ranks - k, 0).sum())


def _agree(voters: np.ndarray, own: np.ndarray, classes: int) -> int:
    """How many of r images get their own class (r,) from the classes of their voters (r, k); of a tie, the nearer."""
    votes = np.zeros((len(own), classes))
    for i in range(voters.shape[1]):  # a nearer vote weighs a hair more
        votes[np.arange(len(own)), voters[:, i]] += 1 + 1e-6 * (voters.shape[1] - i)
    return int((votes.argmax(axis=1) == own).sum())


def _silhouettes(distances: np.ndarray, codes: np.ndarray, own: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Silhouettes (r,) of r images by class, from their distances (r, n) to all; 0 for the only one of its class.

    Rousseeuw, Silhouettes, J. Comput. Appl. Math. 20 (1987).
    """
    one_hot = np.zeros((len(codes), len(counts)), np.float32)
    one_hot[np.arange(len(codes)), codes] = 1
    totals = (distances @ one_hot).astype(np.float64)
    rows = np.arange(len(own))
    inside = totals[rows, own] / np.maximum(counts[own] - 1, 1)
    means = totals / counts
    means[rows, own] = np.inf
    outside = means.min(axis=1)
    silhouettes = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-30)
    return np.where(counts[own] > 1, silhouettes, 0.0)
