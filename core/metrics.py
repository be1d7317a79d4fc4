"""Metrics of predictions: accuracy with its interval, per class, top k, confusion, calibration, changes, seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, lgamma, log, nan, sqrt

import numpy as np

NORMAL_95 = 1.959963984540054  # 95 % of a normal distribution lies within this many standard deviations
POWER_80 = 0.8416212335729143  # 80 % of it lies below this many
SIGNIFICANT = 0.05  # p-values below this are not put down to chance


@dataclass(frozen=True)
class Interval:
    """A proportion between 0 and 1 with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: float, total: float) -> Interval:
    """The proportion of successes with Wilson's 95 % score interval; nan in [0, 1] where `total` is 0.

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927). Unlike the
    textbook interval it stays within 0 and 1 and does not collapse at a perfect score.
    """
    if total == 0:
        return Interval(nan, 0.0, 1.0)
    share = successes / total
    weight = NORMAL_95**2 / total
    centre = (share + weight / 2) / (1 + weight)
    margin = sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    # At 0 and 1, rounding can put a bound slightly on the wrong side of the proportion.
    return Interval(share, max(0.0, min(centre - margin, share)), min(1.0, max(centre + margin, share)))


def mean(values: np.ndarray) -> Interval:
    """The mean of values (n,), one for each image, with its 95 % t interval; of a single one, plus and minus 1."""
    average, half = float(values.mean()), 1.0
    if len(values) > 1:
        variance = float(values.var(ddof=1)) / len(values)
        half = student_95((variance, len(values) - 1)) * sqrt(variance)
    return Interval(average, average - half, average + half)


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> Interval:
    """The proportion of predictions (n,) that equal the labels (n,)."""
    return wilson(int(np.sum(labels == predictions)), len(labels))


def per_class(labels: np.ndarray, predictions: np.ndarray, classes: int) -> tuple[Interval, ...]:
    """The recall of each class; nan for a class without images."""
    counts = confusion(labels, predictions, classes)
    return tuple(wilson(int(row[index]), int(row.sum())) for index, row in enumerate(counts))


def exclusive(probabilities: np.ndarray) -> bool:
    """Whether the probabilities (n, c) of each image sum to 1, as after a softmax.

    A model that judges each class by itself, as SigLIP does, gives probabilities of which none or several are large.
    """
    return bool(np.allclose(probabilities.sum(axis=1), 1, atol=1e-3))


def top_k(labels: np.ndarray, probabilities: np.ndarray, k: int = 5) -> Interval:
    """The proportion of images whose label is among the k `likeliest` classes; probabilities are (n, c)."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    hits = (best == labels[:, None]) & (np.take_along_axis(probabilities, best, axis=1) > 0)
    return wilson(int(hits.any(axis=1).sum()), len(labels))


def likeliest(probabilities: np.ndarray, k: int) -> np.ndarray:
    """The at most k most probable classes of one image, from probabilities (c,), the most probable first.

    A class of probability 0, such as one that no neighbour voted for, is not among them; of equals the first counts.
    """
    best = np.argsort(-probabilities, kind="stable")[:k]
    return best[probabilities[best] > 0]


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes) int64: one row per true class, one column per predicted class."""
    pairs = np.asarray(labels, np.int64) * classes + np.asarray(predictions, np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True)
class Bin:
    """Images whose confidence (the probability of the predicted class) is above `low` and at most `high`."""

    low: float
    high: float
    images: int
    confidence: float  # mean; nan without images
    accuracy: Interval


def calibration_bins(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> tuple[Bin, ...]:
    """Confidence and accuracy in bins of equal width, including empty ones; probabilities are (n, c)."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    # A bin excludes its lower and includes its upper edge, so that a confidence of 1 falls into the last bin.
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    images = np.bincount(index, minlength=bins)
    right = np.bincount(index, weights=correct, minlength=bins)
    sure = np.bincount(index, weights=confidence, minlength=bins)
    return tuple(
        Bin(i / bins, (i + 1) / bins, int(n), float(sure[i] / n) if n else nan, wilson(int(right[i]), int(n)))
        for i, n in enumerate(images)
    )


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """The expected calibration error: the mean gap between confidence and accuracy, weighted by the images in each bin.

    Guo et al., On calibration of modern neural networks, ICML 2017 (equation 3); nan without images.
    """
    if len(labels) == 0:
        return nan
    filled = [group for group in calibration_bins(labels, probabilities, bins) if group.images]
    return sum(group.images * abs(group.accuracy.value - group.confidence) for group in filled) / len(labels)


@dataclass(frozen=True)
class Paired:
    """How often both, one or neither of two classifiers was right on the same images, and the p-value."""

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float  # two-sided; 1 if they never differ


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> Paired:
    """McNemar's exact test of two bool arrays (n,) over the same images, two-sided.

    If both classifiers are equally good, which of them gets an image right that the other misses is a coin toss, so
    the number is binomial: McNemar, Note on the sampling error of the difference between correlated proportions,
    Psychometrika 12 (1947). The exact form never errs more often than it says; the mid-p form is more lenient
    (Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91, 2013).
    """
    first_right, second_right = np.asarray(first_right, bool), np.asarray(second_right, bool)
    both, neither = int((first_right & second_right).sum()), int((~first_right & ~second_right).sum())
    only_first, only_second = int((first_right & ~second_right).sum()), int((~first_right & second_right).sum())
    fewer, differ = min(only_first, only_second), only_first + only_second
    # P(X = k) for `differ` tosses of a fair coin; in logarithms, because the binomial coefficients overflow
    tail = sum(
        exp(lgamma(differ + 1) - lgamma(k + 1) - lgamma(differ - k + 1) - differ * log(2)) for k in range(fewer + 1)
    )
    return Paired(both, only_first, only_second, neither, p_value=min(1.0, 2 * tail))


def sample_size(difference: float, disagreement: float) -> int:
    """Test images that McNemar's test needs to find a difference at the 5 % level in four of five cases.

    Connor, Sample size for testing differences in proportions for the paired-sample design, Biometrics 43 (1987).

    Args:
        difference: Of two accuracies, above 0 and at most `disagreement`.
        disagreement: The share of images that only one of the two gets right.
    """
    spread = NORMAL_95 * sqrt(disagreement) + POWER_80 * sqrt(disagreement - difference**2)
    return ceil((spread / difference) ** 2)


def detectable_difference(images: int, disagreement: float) -> float:
    """The smallest difference that so many images detect, see `sample_size`; at most `disagreement`."""
    ratio = POWER_80**2 / images
    root = sqrt(max(NORMAL_95**2 - (1 + ratio) * (NORMAL_95**2 - POWER_80**2), 0))
    return min((NORMAL_95 + root) * sqrt(disagreement / images) / (1 + ratio), disagreement)


@dataclass(frozen=True)
class StandardErrors:
    """Standard errors of a mean accuracy over seeds, or of the difference of two, by what they come from."""

    images: float  # other test images would give another mean
    seeds: float  # so would other seeds
    counts: tuple[int, ...]  # seeds of each mean

    @property
    def larger(self) -> str:
        """The larger source of uncertainty, "images" or "seeds": having more of these would help most."""
        return "seeds" if self.seeds > self.images else "images"


def mean_of_seeds(accuracies: Sequence[float], images: int) -> tuple[Interval, StandardErrors]:
    """The mean accuracy of two or more seeds on the same images, with its 95 % interval over seeds and images.

    Seeds and images vary on their own, so their variances add; what only some seeds get right counts in both, which
    errs on the safe side. The interval is Wilson's for as many images as would give that variance in one run, with
    Student's t for the few seeds: Korn and Graubard, Survey Methodology 24 (1998).
    """
    mean = float(np.mean(accuracies))
    of_images, of_seeds = mean * (1 - mean) / images, float(np.var(accuracies, ddof=1)) / len(accuracies)
    errors = StandardErrors(sqrt(of_images), sqrt(of_seeds), (len(accuracies),))
    if not of_images:  # every seed is right on every image, or none is
        return wilson(mean * images, images), errors
    t = student_95((of_images, images - 1), (of_seeds, len(accuracies) - 1))
    alike = mean * (1 - mean) / (of_images + of_seeds) * (NORMAL_95 / t) ** 2  # images
    return wilson(mean * alike, alike), errors


def student_95(*variances: tuple[float, int]) -> float:
    """Student's t for the 95 % interval of a sum of variances, each with its degrees of freedom.

    Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin 2 (1946).
    """
    from scipy.special import stdtrit

    uncertainty = sum(variance**2 / freedom for variance, freedom in variances if freedom)
    freedom = sum(variance for variance, _ in variances) ** 2 / uncertainty if uncertainty else np.inf
    return float(stdtrit(freedom, 0.975)) if np.isfinite(freedom) else NORMAL_95


@dataclass(frozen=True)
class Change:
    """How much the accuracy changes from one classifier to another, and whether chance alone would explain it."""

    first: float  # accuracies
    second: float
    images: int  # that it was measured on; the fewer if the two numbers differ
    clear: bool  # at the 5 % level; else too close to call
    paired: Paired | None = None  # if both answers to each image are known
    interval: Interval | None = None  # of the difference, if only the two accuracies are known, or over seeds
    standard_errors: StandardErrors | None = None  # if one of the two is a mean over seeds
    trained_on: tuple[int, int] | None = None  # training images of each, if they learned from different ones

    @property
    def difference(self) -> float:
        """The second accuracy minus the first."""
        return self.second - self.first


def change(first_right: np.ndarray, second_right: np.ndarray) -> Change:
    """The change from one classifier to another on the same n images: McNemar's exact test, or `change_of_seeds`.

    Args:
        first_right, second_right: Which images are right, bool (n,), or (seeds, n).
    """
    first_right, second_right = np.atleast_2d(first_right), np.atleast_2d(second_right)
    if len(first_right) > 1 or len(second_right) > 1:
        return change_of_seeds(first_right, second_right)
    paired = mcnemar(first_right[0], second_right[0])
    first, second = float(first_right.mean()), float(second_right.mean())
    return Change(first, second, first_right.shape[1], paired.p_value < SIGNIFICANT, paired=paired)


def change_of_counts(first: int, first_images: int, second: int, second_images: int) -> Change:
    """The change between two accuracies of which only the counts are known, as if measured on different images.

    The interval of the difference is Newcombe's: Interval estimation for the difference between independent
    proportions, method 10, Statistics in Medicine 17 (1998). On the same images it is wider than it need be.
    """
    return change_of_intervals(
        wilson(first, first_images), wilson(second, second_images), min(first_images, second_images)
    )


def change_of_intervals(before: Interval, after: Interval, images: int) -> Change:
    """`change_of_counts` of proportions whose intervals are known."""
    difference = after.value - before.value
    low = difference - sqrt((after.value - after.low) ** 2 + (before.high - before.value) ** 2)
    high = difference + sqrt((after.high - after.value) ** 2 + (before.value - before.low) ** 2)
    interval = Interval(difference, low, high)
    clear = low > 0 or high < 0
    return Change(before.value, after.value, images, clear, interval=interval)


def change_of_seeds(first_right: np.ndarray, second_right: np.ndarray) -> Change:
    """The change between the means of two classifiers over seeds, from (seeds, n) arrays over the same n images.

    The standard error of the difference joins that over images, paired, with those over the seeds of each, which count
    as independent. What only some seeds get right is part of all of them and is subtracted, as in an analysis of
    variance with two crossed random factors; the interval is Student's, by Satterthwaite's degrees of freedom. A side
    of one seed counts as the classifier that it is: how other seeds would do is not known. Why seeds and images both
    count: Bouthillier et al., Accounting for variance in machine learning benchmarks, MLSys 2021.
    """
    sides = [np.asarray(right, float) for right in (first_right, second_right)]
    by_image = sides[1].mean(axis=0) - sides[0].mean(axis=0)
    images, difference = len(by_image), float(by_image.mean())
    of_images = float(by_image.var(ddof=1)) / images
    of_seeds = [float(right.mean(axis=1).var(ddof=1)) / len(right) if len(right) > 1 else 0.0 for right in sides]
    of_both = sum(_interaction(right) for right in sides if len(right) > 1)
    variance = max(of_images, sum(of_seeds), of_images + sum(of_seeds) - of_both)
    freedom = [(one, len(right) - 1) for one, right in zip(of_seeds, sides, strict=True)]
    margin = student_95((of_images, images - 1), *freedom) * sqrt(variance)
    interval = Interval(difference, difference - margin, difference + margin)
    return Change(
        float(sides[0].mean()),
        float(sides[1].mean()),
        images,
        clear=interval.low > 0 or interval.high < 0,
        interval=interval,
        standard_errors=StandardErrors(sqrt(of_images), sqrt(sum(of_seeds)), tuple(len(right) for right in sides)),
    )


def _interaction(right: np.ndarray) -> float:
    """The variance that a mean over (seeds, n) has from images that only some seeds get right."""
    seeds, images = right.shape
    left = right - right.mean(axis=0) - right.mean(axis=1, keepdims=True) + right.mean()
    return float((left**2).sum()) / ((seeds - 1) * (images - 1) * seeds * images)
