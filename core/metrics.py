"""Arrays in, numbers out: accuracy with its interval, per class, top k, confusion, calibration."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

NORMAL_95 = 1.959963984540054  # the normal distribution holds 95 % of its mass within so many deviations


@dataclass(frozen=True)
class Interval:
    """A share between 0 and 1, and the 95 % interval around it."""

    value: float
    low: float
    high: float


def wilson(successes: int, total: int) -> Interval:
    """Share of successes with Wilson's 95 % score interval; nan between 0 and 1 where there was nothing to count.

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927). Unlike the
    textbook interval it stays inside 0 and 1 and does not collapse at a perfect score.
    """
    if total == 0:
        return Interval(nan, 0.0, 1.0)
    share = successes / total
    weight = NORMAL_95**2 / total
    centre = (share + weight / 2) / (1 + weight)
    margin = sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    # Rounding may leave a bound a hair on the wrong side of the share itself at 0 and 1.
    return Interval(share, max(0.0, min(centre - margin, share)), min(1.0, max(centre + margin, share)))


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> Interval:
    """Share of predictions (n,) equal to the labels (n,)."""
    return wilson(int(np.sum(labels == predictions)), len(labels))


def per_class(labels: np.ndarray, predictions: np.ndarray, classes: int) -> tuple[Interval, ...]:
    """For each class, the share of its images that were predicted so; nan for a class without images."""
    counts = confusion(labels, predictions, classes)
    return tuple(wilson(int(row[index]), int(row.sum())) for index, row in enumerate(counts))


def top_k(labels: np.ndarray, probabilities: np.ndarray, k: int = 5) -> Interval:
    """Share of images whose label is among the k classes of highest probability (n, c)."""
    k = min(k, probabilities.shape[1])
    best = np.argpartition(probabilities, -k, axis=1)[:, -k:]
    return wilson(int(np.any(best == labels[:, None], axis=1).sum()), len(labels))


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes) int64: a row for each true class, a column for each predicted one."""
    pairs = np.asarray(labels, np.int64) * classes + np.asarray(predictions, np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over equal-width bins, weighted by their images.

    Guo et al., On calibration of modern neural networks, ICML 2017 (equation 3); nan without images.
    """
    if len(labels) == 0:
        return nan
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    # A bin is open below and closed above, so that a confidence of 1 falls into the last.
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(index, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
