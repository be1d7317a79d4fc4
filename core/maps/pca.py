"""Principal components: what of the vectors a map begins with, for its own images and for new ones."""

from dataclasses import dataclass

import numpy as np

from core import neighbours
from core.errors import MapError

COVARIANCE = 4096  # numbers in a vector; up to here the covariance (d, d) is quicker than a randomised search


@dataclass(frozen=True)
class Reduction:
    """From vectors (n, d) to points (n, k): scaled to length one where the angle counts, then turned and cut."""

    mean: np.ndarray  # (d,) float32
    axes: np.ndarray  # (k, d) float32, orthonormal; (0, d): the vectors stay as they are
    explained: np.ndarray  # (k,) float64, share of the variance along each axis
    metric: str

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Points (n, k) float32 of vectors (n, d)."""
        values = np.asarray(values, np.float32)
        if values.ndim != 2 or values.shape[1] != len(self.mean):
            raise MapError(
                f"The vectors have the shape {values.shape}", f"(n, {len(self.mean)}), as those of the map's images"
            )
        values = neighbours.unit(values) if self.metric == "cosine" else values
        return (values - self.mean) @ self.axes.T if len(self.axes) else values


def fit(values: np.ndarray, components: int, *, metric: str = "euclidean", seed: int = 0) -> Reduction:
    """The first principal axes of vectors (n, d), by scikit-learn.

    Args:
        components: How many; 0: none, nothing is cut. Never more than n - 1 or d.
        metric: "cosine" scales each vector to length one first: Euclidean distance then orders as the angle does.
        seed: Of the randomised search, which long vectors need.

    Raises:
        MapError: A number that is none, or all vectors are the same.
    """
    if not np.isfinite(values).all():
        raise MapError(
            "Some features are not finite numbers", remedy="Clear the cache of features and compute them again"
        )
    values = neighbours.unit(values) if metric == "cosine" else np.asarray(values, np.float32)
    if len(values) and not np.ptp(values, axis=0).any():
        raise MapError(
            f"All {len(values):,} vectors are the same: there is nothing to tell apart",
            remedy="Choose other images, or look at the weights and the preprocessing of the backbone",
        )
    count, size = values.shape
    kept = min(components, count - 1, size)
    if not kept:
        return Reduction(values.mean(axis=0), np.empty((0, size), np.float32), np.empty(0), metric)
    from sklearn.decomposition import PCA

    solver = "covariance_eigh" if size <= COVARIANCE else "randomized"
    pca = PCA(kept, svd_solver=solver, random_state=seed).fit(values)
    return Reduction(
        pca.mean_.astype(np.float32),
        pca.components_.astype(np.float32),
        pca.explained_variance_ratio_.astype(np.float64),
        metric,
    )
