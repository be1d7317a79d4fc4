"""Multinomial logistic regression: one problem, solved for one L2 strength after another.

Plain L-BFGS needs hundreds of passes over features as correlated as a backbone's. Their covariance S bounds the
curvature, for every class alike (Böhning, Multinomial logistic regression algorithm, 1992): in coordinates V with
W = L^-T V and L L^T = a S + strength I the minimum is the same, and it is reached in a third of the passes.

scikit-learn's lbfgs takes six times as long on 20,000 images (`python -m core bench heads`), and can neither report
progress nor be stopped between iterations.

Two kinds of coordinates give such an L. `Covariance` factors a S + strength I for every strength: cheap to set up, for
one head on many images. `PrincipalAxes` rotates the features once, so that S is diagonal: for many small problems on
subsets of the same images.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from core.heads.head import in_parts, softmax

BLOCK = 2048  # rows; one block serves loss and gradient while it is in cache
MOST_FOR_COVARIANCE = 8192  # rows; the covariance affects only the speed, not the minimum
SMALLEST_EIGENVALUE = 1e-6  # of the largest eigenvalue: smaller axes are rounding errors
PATIENCE = 2  # consecutive strengths without improvement before the search ends
TINIEST = np.float32(1e-37)  # smallest probability with a finite logarithm


@dataclass(frozen=True, eq=False)
class Solution:
    """A kernel (d, c) and a bias (c,), float32, with the value of the objective there."""

    kernel: np.ndarray
    bias: np.ndarray
    objective: float

    def logits(self, x: np.ndarray) -> np.ndarray:
        """The logits (n, c) of features (n, d)."""
        return x @ self.kernel + self.bias


class Scaling(NamedTuple):
    """Conversions between kernels W (r, c) and the coordinates V (r, c) in which L-BFGS works."""

    to_coordinates: Callable[[np.ndarray], np.ndarray]  # L^T W
    to_kernel: Callable[[np.ndarray], np.ndarray]  # L^-T V
    to_gradient: Callable[
        [np.ndarray], np.ndarray
    ]  # L^-1 G: the gradient with respect to V from that with respect to W


class Coordinates(Protocol):
    """Features, rotated or not, and the scaling that equalises the curvature."""

    rows: np.ndarray  # (n, r) float32, the features that kernels multiply
    measures_curvature: bool  # at the starting point, on `BLOCK` rows; otherwise that of a zero kernel is used

    def __init__(self, x: np.ndarray) -> None: ...

    def scaling(self, curvature: float, strength: float) -> Scaling: ...

    def on_features(self, kernel: np.ndarray) -> np.ndarray:
        """The kernel (d, c) for features that corresponds to a kernel (r, c) for `rows`."""
        ...


class Covariance:
    """Unrotated features (n, d)."""

    measures_curvature = True

    def __init__(self, x: np.ndarray):
        some = x[:: len(x) // MOST_FOR_COVARIANCE + 1]
        self.rows = x
        self.covariance = some.T @ some / len(some)  # S (d, d)

    def scaling(self, curvature: float, strength: float) -> Scaling:
        from scipy.linalg import cholesky, solve_triangular

        identity = np.eye(len(self.covariance), dtype=np.float32)
        factor = cholesky(curvature * self.covariance + strength * identity, lower=True)
        return Scaling(
            lambda kernel: factor.T @ kernel,
            lambda coordinates: solve_triangular(factor, coordinates, lower=True, trans=1, check_finite=False),
            lambda gradient: solve_triangular(factor, gradient, lower=True, check_finite=False),
        )

    def on_features(self, kernel: np.ndarray) -> np.ndarray:
        return kernel


class PrincipalAxes:
    """Features (n, d) in their principal axes, at most min(n, d): the optimal kernel lies in the span of its images."""

    measures_curvature = False

    def __init__(self, x: np.ndarray):
        few = len(x) < x.shape[1]
        values, vectors = np.linalg.eigh(x @ x.T if few else x.T @ x)
        kept = values > SMALLEST_EIGENVALUE * values[-1]
        values, vectors = values[kept], vectors[:, kept]
        self.axes = x.T @ (vectors / np.sqrt(values)) if few else vectors  # (d, r), orthonormal columns
        self.rows = x @ self.axes
        self.spread = (values / len(x)).astype(np.float32)  # (r,) mean squares of the rows: the diagonal of S

    def scaling(self, curvature: float, strength: float) -> Scaling:
        factor = np.sqrt(curvature * self.spread + strength).astype(np.float32)[:, None]
        return Scaling(
            lambda kernel: kernel * factor,
            lambda coordinates: coordinates / factor,
            lambda gradient: gradient / factor,
        )

    def on_features(self, kernel: np.ndarray) -> np.ndarray:
        return self.axes @ kernel


class LogisticRegression:
    """Labels (n,) on standardised features (n, d), for any strength and any subset of the rows.

    Args:
        after_pass: Called with the number of passes over the features so far; it may raise to stop.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        classes: int,
        *,
        coordinates: type[Coordinates],
        after_pass: Callable[[int], None] = lambda passes: None,
    ):
        self.coordinates = coordinates(x)
        self.rows, self.y, self.classes, self.after_pass = self.coordinates.rows, y, classes, after_pass
        self.passes = 0

    def solve(
        self, strength: float, *, tolerance: float = 1e-4, start: Solution | None = None, part: np.ndarray | None = None
    ) -> Solution:
        """The minimum of mean cross-entropy + strength / 2 * |W|^2, for `rows`.

        Args:
            tolerance: Ends when an iteration improves the objective by less than this fraction.
            start: The starting point; None: zero.
            part: Which images to use, (n,) bool; None: all.
        """
        from scipy.optimize import minimize

        rows, y = (self.rows, self.y) if part is None else (self.rows[part], self.y[part])
        c = self.classes
        curvature = 1 / c * (1 - 1 / c)  # a, at W = 0
        if start is None:
            start = Solution(np.zeros((rows.shape[1], c), np.float32), np.zeros(c, np.float32), np.inf)
        if self.coordinates.measures_curvature:
            p = softmax(start.logits(rows[:BLOCK]))
            curvature = max(float(np.mean(p * (1 - p))), 1e-3)
        blocks = [
            (x, (np.arange(len(labels)), labels))
            for x, labels in zip(in_parts(rows, BLOCK), in_parts(y, BLOCK), strict=True)
        ]
        scaling, bias_factor = self.coordinates.scaling(curvature, strength), np.float32(np.sqrt(curvature))

        def kernel_and_bias(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            table = flat.astype(np.float32).reshape(-1, c)  # V (r, c) above the bias (1, c)
            return scaling.to_kernel(table[:-1]), table[-1] / bias_factor

        def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
            self.passes += 1
            self.after_pass(self.passes)
            value, by_kernel, by_bias = _value_and_gradients(blocks, *kernel_and_bias(flat), strength)
            gradient = np.vstack([scaling.to_gradient(by_kernel), by_bias / bias_factor])
            return value, gradient.ravel().astype(np.float64)

        result = minimize(
            value_and_gradient,
            np.vstack([scaling.to_coordinates(start.kernel), start.bias * bias_factor]).ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 200, "ftol": tolerance, "gtol": 1e-6},
        )
        return Solution(*kernel_and_bias(result.x), float(result.fun))

    def on_features(self, solution: Solution) -> Solution:
        """The solution for features that corresponds to a solution for `rows`."""
        return Solution(self.coordinates.on_features(solution.kernel), solution.bias, solution.objective)


def choose_strength(score: Callable[[float], float], strengths: Iterable[float]) -> float:
    """The strength with the highest score; the first of equals.

    Args:
        strengths: From strong to weak. Weak ones overfit and take longest: the search ends after `PATIENCE` strengths
            without improvement.
    """
    best, highest, worse = 0.0, -np.inf, 0
    for strength in strengths:
        value = score(strength)
        if value > highest:
            best, highest, worse = strength, value, 0
        else:
            worse += 1
        if worse == PATIENCE:
            break
    return best


def folds(y: np.ndarray, parts: int) -> np.ndarray:
    """The part (n,), from 0, of each image for cross-validation; every class is dealt out evenly."""
    by_class = np.argsort(y, kind="stable")
    _, counts = np.unique(y, return_counts=True)
    part = np.empty(len(y), int)
    part[by_class] = np.concatenate([np.arange(count) for count in counts]) % parts
    return part


def _value_and_gradients(
    blocks: list[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]],
    kernel: np.ndarray,
    bias: np.ndarray,
    strength: float,
) -> tuple[float, np.ndarray, np.ndarray]:
    """The objective and its gradients with respect to W (r, c) and b (c,), in one pass over the rows.

    Args:
        blocks: Rows (b, r), and the indices (b,), (b,) of their true classes in a table (b, c).
    """
    n, loss = sum(len(x) for x, _ in blocks), 0.0
    by_kernel, by_bias = np.zeros_like(kernel), np.zeros_like(bias)
    for x, true in blocks:
        p = softmax(x @ kernel + bias)  # (b, c)
        loss -= float(np.sum(np.log(np.maximum(p[true], TINIEST)), dtype=np.float64))
        p[true] -= 1  # minus the one-hot labels: the gradient with respect to the logits
        by_kernel += x.T @ p
        by_bias += p.sum(axis=0)
    penalty = strength / 2 * float(np.sum(np.square(kernel), dtype=np.float64))
    return loss / n + penalty, by_kernel / n + strength * kernel, by_bias / n
