"""Principal components: the reduced vectors from which a map is laid out, for its own images and for new ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import neighbours, threads
from core.errors import MapError

COVARIANCE = 4096  # dimensions up to which the covariance matrix (d, d) is faster than a randomised solver


@dataclass(frozen=True)
class Reduction:
    """Maps vectors (n, d) to points (n, k): scaled to unit length for the cosine metric, then projected."""

    mean: np.ndarray  # (d,) float32
    axes: np.ndarray  # (k, d) float32, orthonormal; (0, d): no projection
    explained: np.ndarray  # (k,) float64, fraction of the variance along each axis
    metric: str

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Points (n, k) float32 of vectors (n, d)."""
        values = np.asarray(values, np.float32)
        if values.ndim != 2 or values.shape[1] != len(self.mean):
            raise MapError(
                f"The vectors have the shape {values.shape}", f"(n, {len(self.mean)}), like those of the map's images"
            )
        values = neighbours.unit(values) if self.metric == "cosine" else values
        return (values - self.mean) @ self.axes.T if len(self.axes) else values


@threads.all_cores()
def fit(values: np.ndarray, components: int, *, metric: str = "euclidean", seed: int = 0) -> Reduction:
    """The first principal axes of vectors (n, d), with scikit-learn.

    Args:
        components: Their number, limited to n - 1 and d; 0: no projection.
        metric: "cosine" scales each vector to unit length first, so that Euclidean distances rank as angles do.
        seed: Of the randomised solver, used for long vectors.

    Raises:
        MapError: Some values are non-finite, or all vectors are equal.
    """
    if not np.isfinite(values).all():
        raise MapError("Some features are non-finite", remedy="Clear the feature cache and compute them again")
    values = neighbours.unit(values) if metric == "cosine" else np.asarray(values, np.float32)
    if len(values) and not np.ptp(values, axis=0).any():
        raise MapError(
            f"All {len(values):,} vectors are equal, so there is nothing to draw",
            remedy="Choose other images, or check the weights and the preprocessing of the backbone",
        )
    count, size = values.shape
    kept = min(components, count - 1, size)
    mean = values.mean(axis=0, dtype=np.float64).astype(np.float32)
    if not kept:
        return Reduction(mean, np.empty((0, size), np.float32), np.empty(0), metric)
    from sklearn.decomposition import PCA

    # Centred first: the solver subtracts the mean after squaring, which in float32 leaves nothing of small differences.
    values = values - mean
    solver = "covariance_eigh" if size <= COVARIANCE else "randomized"
    pca: Any = PCA(kept, svd_solver=solver, random_state=seed).fit(values)
    return Reduction(
        (mean + pca.mean_).astype(np.float32),
        pca.components_.astype(np.float32),
        pca.explained_variance_ratio_.astype(np.float64),
        metric,
    )
