"""How far a map can be trusted: which neighbourhoods of the full space it preserves, and which it invents.

Trustworthiness and continuity: Venna and Kaski, Local multidimensional scaling, Neural Networks 19 (2006).
"""

from collections.abc import Callable

import numpy as np

from core import neighbours
from core.data.splits import subsample
from core.progress import Progress, Report, silent

MOST = 5_000  # images judged, each against all others; if there are more, a stratified sample
NEAR = 12  # neighbours for trustworthiness and continuity
VOTERS = 15  # neighbours that vote for the class
SUMS = ("intruders", "missing", "knn_full", "knn_map", "silhouette_full", "silhouette_map")
BLOCK = 16_000_000  # distances in memory at a time, 64 MB


def judge(
    values: np.ndarray,
    positions: np.ndarray,
    labels: np.ndarray,
    *,
    metric: str = "euclidean",
    seed: int = 0,
    report: Report = silent,
) -> dict[str, float]:
    """Quality measures by name, of the full space (n, d), the map (n, dims), or one compared with the other.

    `trustworthiness`: 1 if all neighbours on the map are neighbours in the full space; it falls with their rank there.
    `continuity`: 1 if all neighbours in the full space are neighbours on the map. `knn_full`, `knn_map`: the fraction
    of images whose nearest neighbours vote for their own class. `silhouette_full`, `silhouette_map`: -1 to 1, how much
    closer an image is to its own class than to the nearest other class. `near`, `voters`: the numbers of neighbours
    used; `judged`: the number of images judged.

    Measures that cannot be computed are left out: those by class if there is only one, neighbours of too few images.
    """
    full = neighbours.unit(values) if metric == "cosine" else values
    full, positions = full - full.mean(axis=0), positions - positions.mean(axis=0)
    judged = np.arange(len(full))
    if len(judged) > MOST:
        judged = np.sort(subsample(judged, labels, MOST, seed=seed))
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    of_full, of_map = _squared(full, full[judged]), _squared(positions, positions[judged])
    near, voters = min(NEAR, len(full) // 2 - 1), min(VOTERS, len(full) - 1)
    sums: dict[str, float] = dict.fromkeys(SUMS, 0.0)
    rows = max(1, BLOCK // len(full))
    for start in range(0, len(judged), rows):
        report(Progress("judge", start, len(judged)))
        part = slice(start, min(start + rows, len(judged)))
        itself = np.arange(part.stop - part.start), judged[part]
        spaces = {"full": of_full(part), "map": of_map(part)}
        nearest = {}
        for name, block in spaces.items():
            block[itself] = np.inf
            nearest[name] = neighbours.smallest(block, max(near, voters))
            if len(counts) > 1:
                sums[f"knn_{name}"] += _correct_votes(
                    codes[nearest[name][:, :voters]], codes[judged[part]], len(counts)
                )
                block[itself] = 0
                sums[f"silhouette_{name}"] += _silhouettes(np.sqrt(block), codes, codes[judged[part]], counts).sum()
                block[itself] = np.inf
        if near > 0:
            sums["intruders"] += _excess(spaces["full"], nearest["map"][:, :near])
            sums["missing"] += _excess(spaces["map"], nearest["full"][:, :near])
    result: dict[str, float] = {}
    if near > 0:
        worst = len(judged) * near * (2 * len(full) - 3 * near - 1) / 2
        result |= {"trustworthiness": 1 - sums["intruders"] / worst, "continuity": 1 - sums["missing"] / worst}
    if len(counts) > 1:
        result |= {
            name: float(value) / len(judged) for name, value in sums.items() if name.startswith(("knn", "silhouette"))
        }
    return result | {"near": max(near, 0), "voters": voters, "judged": len(judged)}


def by_others(
    values: np.ndarray,
    labels: np.ndarray,
    owners: np.ndarray,
    *,
    metric: str = "euclidean",
    report: Report = silent,
) -> float | None:
    """The fraction of images whose nearest neighbours among the images of other people vote for their own class.

    Images of a class that one person alone has do not count; None if there are no others.

    Args:
        values: (n, d) float32.
        labels: (n,) int64.
        owners: (n,) int64, the owner of each image.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    pairs = np.unique(np.stack([codes, owners]), axis=1)
    shared = np.flatnonzero(np.bincount(pairs[0], minlength=len(classes)) > 1)
    judged, right = np.isin(codes, shared), 0
    for owner in np.unique(owners[judged]):
        own, others = np.flatnonzero(judged & (owners == owner)), np.flatnonzero(owners != owner)
        near, _ = neighbours.nearest(values[others], values[own], min(VOTERS, len(others)), metric, report)
        right += _correct_votes(codes[others][near], codes[own], len(classes))
    return float(right / judged.sum()) if judged.any() else None


def _squared(values: np.ndarray, query: np.ndarray) -> Callable[[slice], np.ndarray]:
    """A function from a slice of the queries (m, d) to squared Euclidean distances (r, n) float32 to all values (n, d).

    |q - v|^2 = |q|^2 - 2 q.v + |v|^2: one matrix product. Distances that are small relative to the vectors are rounded.
    """
    value_lengths, query_lengths = np.einsum("nd,nd->n", values, values), np.einsum("md,md->m", query, query)
    transposed = values.T

    def block(part: slice) -> np.ndarray:
        distances = (-2 * query[part]) @ transposed
        distances += value_lengths
        distances += query_lengths[part, None]
        return np.maximum(distances, 0, out=distances)

    return block


def _excess(block: np.ndarray, columns: np.ndarray) -> float:
    """The sum by which the ranks of these columns (r, k), from 1 by distance (r, n), exceed k."""
    k = columns.shape[1]
    ranks = np.empty(columns.shape, np.int64)
    for i in range(k):
        ranks[:, i] = 1 + np.count_nonzero(block < np.take_along_axis(block, columns[:, i : i + 1], 1), axis=1)
    return float(np.maximum(ranks - k, 0).sum())


def _correct_votes(voters: np.ndarray, labels: np.ndarray, classes: int) -> int:
    """How many of r images get their own label (r,) by vote of the classes (r, k); nearer voters break ties."""
    votes = np.zeros((len(labels), classes))
    for i in range(voters.shape[1]):  # a nearer vote weighs slightly more
        votes[np.arange(len(labels)), voters[:, i]] += 1 + 1e-6 * (voters.shape[1] - i)
    return int((votes.argmax(axis=1) == labels).sum())


def _silhouettes(distances: np.ndarray, codes: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Silhouettes (r,) of r images by class, from their distances (r, n) to all; 0 for the only one of its class.

    Rousseeuw, Silhouettes, J. Comput. Appl. Math. 20 (1987).
    """
    one_hot = np.zeros((len(codes), len(counts)), np.float32)
    one_hot[np.arange(len(codes)), codes] = 1
    totals = (distances @ one_hot).astype(np.float64)
    rows = np.arange(len(labels))
    inside = totals[rows, labels] / np.maximum(counts[labels] - 1, 1)
    means = totals / counts
    means[rows, labels] = np.inf
    outside = means.min(axis=1)
    silhouettes = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-30)
    return np.where(counts[labels] > 1, silhouettes, 0.0)
