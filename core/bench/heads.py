"""Our logistic regression against scikit-learn's: seconds to the same optimum, on the same standardised features."""

import warnings
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from core import features
from core.data import datasets
from core.heads import moments
from core.heads.logistic import Covariance, LogisticRegression

ROUNDS = 3
STRENGTH = 3e-3
TOLERANCE = 1e-6  # ours, as for the chosen strength
SCIKIT_LEARN_TOLERANCE = 1e-4  # its own default
PLANTED = (20_000, 1280, 10)  # images, features, classes
SEPARATION = 0.06  # of the planted classes, as hard as a difficult dataset


class Solved(NamedTuple):
    """How long one solver took, and the objective it reached."""

    seconds: float
    processor_seconds: float
    objective: float


def heads(
    *,
    images: int = PLANTED[0],
    dataset: str = "cifar10-sample",
    backbone: str = "EfficientNetLite0",
    weights: str = "imagenet",
    input_size: int = 96,
) -> dict:
    """Two problems: a dataset's training features, and planted ones that are as correlated as a backbone's.

    Both solvers take turns, in float32 on one thread; the objective shows how far each got.
    """
    source = datasets.load(dataset)
    rows = datasets.splits(source)["train"]
    encoder = features.Encoder(backbone, weights, input_size)
    x = features.extract(source, rows, encoder).values
    return {
        "backbone": encoder.backbone,
        "input_size": input_size,
        "strength": STRENGTH,
        **_compare("dataset", x, source.labels[rows], len(source.class_names)),
        **_compare("planted", *_planted(images, *PLANTED[1:]), PLANTED[2]),
    }


def _compare(name: str, x: np.ndarray, y: np.ndarray, classes: int) -> dict:
    mean, scale = moments(x)
    x = (x - mean) / scale
    for solve in (_ours, _scikit_learn):  # imports its libraries; their threads can be limited only after that
        solve(x[:100], y[:100], classes)
    with threadpool_limits(1):
        rounds = [(_timed(_ours, x, y, classes), _timed(_scikit_learn, x, y, classes)) for _ in range(ROUNDS)]
    figures: dict = {f"{name}_images": len(x), f"{name}_features": x.shape[1]}
    for solver, runs in zip(("ours", "scikit_learn"), zip(*rounds, strict=True), strict=True):
        figures[f"{name}_{solver}_seconds"] = median(run.seconds for run in runs)
        figures[f"{name}_{solver}_processor_seconds"] = median(run.processor_seconds for run in runs)
        figures[f"{name}_{solver}_objective"] = runs[0].objective
    ratios = [theirs.processor_seconds / ours.processor_seconds for ours, theirs in rounds]
    figures[f"{name}_times_less_processor_time"] = median(ratios)
    return figures


def _timed(
    solve: Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
) -> Solved:
    seconds, processor_seconds = perf_counter(), process_time()
    kernel, bias = solve(x, y, classes)
    return Solved(perf_counter() - seconds, process_time() - processor_seconds, _objective(x, y, kernel, bias))


def _ours(x: np.ndarray, y: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    solution = LogisticRegression(x, y, classes, coordinates=Covariance).solve(STRENGTH, tolerance=TOLERANCE)
    return solution.kernel, solution.bias


def _scikit_learn(x: np.ndarray, y: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import linear_model

    strength = 1 / (STRENGTH * len(x))
    solver = linear_model.LogisticRegression(C=strength, tol=SCIKIT_LEARN_TOLERANCE, max_iter=1000)
    with warnings.catch_warnings(action="ignore"):  # it may stop at the precision of float32
        solver.fit(x, y)
    return np.asarray(solver.coef_).T, np.asarray(solver.intercept_)


def _objective(x: np.ndarray, y: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> float:
    """Mean cross-entropy + strength / 2 * |W|^2, in float64."""
    logits = (x @ kernel + bias).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    loss = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(y)), y]
    return float(loss.mean() + STRENGTH / 2 * np.square(kernel.astype(np.float64)).sum())


def _planted(images: int, dim: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes around centres, in features whose variances fall like 1 / k over their principal axes."""
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.standard_normal((dim, dim)))[0] / np.sqrt(np.arange(1, dim + 1))[:, None]
    y = np.arange(images) % classes
    x = random.standard_normal((classes, dim))[y] * SEPARATION + random.standard_normal((images, dim))
    return (x @ axes).astype(np.float32), y
