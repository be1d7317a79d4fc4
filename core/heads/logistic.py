"""Multinomial logistic regression in the principal axes of its images: many solutions for the price of few.

A kernel of least L2 norm lies in the span of the images it was trained on, so that n images of d features need no more
than min(n, d) coordinates: z = x @ axes, and the solution is the same. There the covariance is a diagonal, which bounds
the curvature (Böhning, Multinomial logistic regression algorithm, 1992) and makes L-BFGS need few passes.
"""

from dataclasses import dataclass

import numpy as np

from core.heads.heads import TINIEST

LEAST = 1e-6  # of the largest eigenvalue: an axis below is rounding
TOLERANCE = 1e-4  # a solution ends when a pass improves the value by less than this part of it


@dataclass(frozen=True)
class Head:
    """A kernel (d, c) and a bias (c,)."""

    kernel: np.ndarray
    bias: np.ndarray

    def scores(self, x: np.ndarray) -> np.ndarray:
        """What goes into the softmax, (n, c), for features (n, d)."""
        return x @ self.kernel + self.bias


class Problem:
    """Heads of labels (n,) on standardised features (n, d), for any strength and any part of the rows."""

    def __init__(self, x: np.ndarray, y: np.ndarray, classes: int):
        few = len(x) < x.shape[1]
        values, vectors = np.linalg.eigh(x @ x.T if few else x.T @ x)
        kept = values > LEAST * values[-1]
        values, vectors = values[kept], vectors[:, kept]
        self.axes = x.T @ (vectors / np.sqrt(values)) if few else vectors  # (d, r), orthonormal columns
        self.z, self.y, self.classes = x @ self.axes, y, classes  # (n, r)
        self.spread = (values / len(x)).astype(np.float32)  # (r,) mean squares of z

    def solve(
        self,
        strength: float,
        *,
        rows: np.ndarray | None = None,
        start: Head | None = None,
        coordinates: bool = False,
    ) -> Head:
        """The minimum of mean cross-entropy + strength / 2 * |W|^2.

        Args:
            rows: Which images take part (n,) bool; None: all.
            start: A head in coordinates to begin at.
            coordinates: The head is for `z`, not for features.
        """
        from scipy.optimize import minimize

        z, y = (self.z, self.y) if rows is None else (self.z[rows], self.y[rows])
        n, r, c = len(z), self.z.shape[1], self.classes
        own = np.arange(n), y
        curvature = 1 / c * (1 - 1 / c)  # of a head that knows nothing
        by = np.append(np.sqrt(curvature * self.spread + strength), np.sqrt(curvature)).astype(np.float32)[:, None]
        first = np.zeros((r + 1, c)) if start is None else np.vstack([start.kernel, start.bias]) * by

        def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
            table = flat.astype(np.float32).reshape(r + 1, c) / by
            kernel, bias = table[:-1], table[-1]
            p = z @ kernel + bias  # (n, c)
            p -= p.max(axis=1, keepdims=True)
            np.exp(p, out=p)
            p /= p.sum(axis=1, keepdims=True)
            loss = -np.log(np.maximum(p[own], TINIEST)).sum(dtype=np.float64) / n
            p[own] -= 1  # less the one-hot labels: the gradient by the scores
            gradient = np.vstack([z.T @ p / n + strength * kernel, p.mean(axis=0)]) / by
            penalty = strength / 2 * np.square(kernel).sum(dtype=np.float64)
            return float(loss + penalty), gradient.ravel().astype(np.float64)

        found = minimize(
            value_and_gradient, first.ravel(), jac=True, method="L-BFGS-B",
            options={"maxiter": 200, "ftol": TOLERANCE, "gtol": 1e-6},
        )  # fmt: skip
        table = (found.x.reshape(r + 1, c) / by).astype(np.float32)
        return Head(table[:-1] if coordinates else self.axes @ table[:-1], table[-1])
