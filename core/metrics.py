"""Arrays in, numbers out: accuracy with its interval, per class, top k, confusion, calibration, two runs compared."""

from dataclasses import dataclass
from math import exp, lgamma, log, nan, sqrt

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


@dataclass(frozen=True)
class Bin:
    """Images whose confidence, the probability of the predicted class, is above `low` and at most `high`."""

    low: float
    high: float
    images: int
    confidence: float  # mean; nan without images
    accuracy: Interval


def calibration_bins(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> tuple[Bin, ...]:
    """Confidence and accuracy in bins of equal width, empty ones included, for probabilities (n, c)."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    # A bin is open below and closed above, so that a confidence of 1 falls into the last.
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    images = np.bincount(index, minlength=bins)
    right = np.bincount(index, weights=correct, minlength=bins)
    sure = np.bincount(index, weights=confidence, minlength=bins)
    return tuple(
        Bin(i / bins, (i + 1) / bins, int(n), float(sure[i] / n) if n else nan, wilson(int(right[i]), int(n)))
        for i, n in enumerate(images)
    )


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over the bins, weighted by their images.

    Guo et al., On calibration of modern neural networks, ICML 2017 (equation 3); nan without images.
    """
    if len(labels) == 0:
        return nan
    filled = [part for part in calibration_bins(labels, probabilities, bins) if part.images]
    return sum(part.images * abs(part.accuracy.value - part.confidence) for part in filled) / len(labels)


@dataclass(frozen=True)
class Paired:
    """How often only one of two classifiers was right on the same images, and how often chance alone would do that."""

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float  # two-sided; 1 where they never differ


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> Paired:
    """McNemar's test in its mid-p form, of two bool arrays (n,) over the same images.

    Were both classifiers equally good, each image that only one gets right would be the first's or the second's as a
    coin falls. The mid-p form counts what was observed only half; the exact one is too careful, above all for few
    images: Fagerland, Lydersen and Laake, The McNemar test for binary matched-pairs data, BMC Medical Research
    Methodology 13:91 (2013).
    """
    first_right, second_right = np.asarray(first_right, bool), np.asarray(second_right, bool)
    both, neither = int((first_right & second_right).sum()), int((~first_right & ~second_right).sum())
    only_first, only_second = int((first_right & ~second_right).sum()), int((~first_right & second_right).sum())
    fewer, differ = min(only_first, only_second), only_first + only_second
    # P(X = k) of a fair coin thrown `differ` times, by logarithms: the binomials themselves overflow
    chances = [
        exp(lgamma(differ + 1) - lgamma(k + 1) - lgamma(differ - k + 1) - differ * log(2)) for k in range(fewer + 1)
    ]
    p_value = min(1.0, 2 * sum(chances) - chances[-1]) if only_first != only_second else 1 - chances[-1] / 2
    return Paired(both, only_first, only_second, neither, p_value if differ else 1.0)
