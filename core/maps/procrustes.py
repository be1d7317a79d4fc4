"""Alignment: one set of positions moved, turned, mirrored and scaled as a whole so that it lies on another."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Alignment:
    """y -> scale (y - mean) turn + target; distances keep their ratios, so that the map gains no new structure."""

    mean: np.ndarray  # (k,) of the positions that were moved
    target: np.ndarray  # (k,) of those they were laid upon
    turn: np.ndarray  # (k, k) orthogonal; it may mirror
    scale: float

    def apply(self, positions: np.ndarray) -> np.ndarray:
        """Positions (m, k) float32 where the alignment takes them."""
        return (self.scale * (positions - self.mean) @ self.turn + self.target).astype(np.float32)


def fit(before: np.ndarray, after: np.ndarray) -> Alignment:
    """Orthogonal Procrustes, of the same images in the same order, both (n, k): least squares of aligned - before.

    Schönemann, A generalized solution of the orthogonal Procrustes problem, Psychometrika 31 (1966).
    """
    from scipy.linalg import orthogonal_procrustes

    if before.shape != after.shape:
        raise ValueError(f"positions {after.shape} to be aligned with {before.shape}")
    target, mean = before.mean(axis=0, dtype=np.float64), after.mean(axis=0, dtype=np.float64)
    moved = after - mean
    turn, stretch = orthogonal_procrustes(moved, before - target)
    spread = (moved**2).sum()
    return Alignment(mean, target, turn, float(stretch / spread) if spread else 1.0)
