"""More than accuracy: measures of a run's test predictions, and a run that may say "I don't know".

    of_run(run_id)          all of the following, of a run
    measure(labels, p)      every measure with its 95 % interval
    of_classes(labels, p)   precision, recall and areas of each class
    curves(labels, p)       ROC and precision against recall, each class against the rest
    answering(labels, p)    how many images are answered, and how many of these rightly, above a confidence

Intervals are percentiles of a bootstrap: test images are drawn again within each class, 500 times. Proportions have
Wilson's interval, as everywhere.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import metrics, runs, scores
from core.metrics import Interval

DRAWS = 500
THRESHOLDS = np.linspace(0, 1, 101)  # confidences
MOST_POINTS = 200  # of a curve; a chart shows no more


@dataclass(frozen=True)
class Measure:
    """A measure over all classes."""

    title: str
    value: Interval
    meaning: str
    share: bool = True  # between 0 and 1, and better if larger


@dataclass(frozen=True)
class Answering:
    """What remains if images below a confidence get no answer."""

    confidence: float
    coverage: Interval  # share of the images that are answered
    accuracy: Interval  # of these


@dataclass(frozen=True)
class Measured:
    """All measures of a run's test predictions."""

    measures: list[Measure]
    classes: pd.DataFrame  # as `of_classes` has it
    curves: pd.DataFrame  # as `curves` has it
    answering: list[Answering]
    misleading: float | None


def of_run(run_id: str) -> Measured:
    """Everything about a finished run; takes seconds for 10,000 test images.

    Raises:
        RunError: Its predictions are missing or damaged.
    """
    tested = runs.predictions(run_id)
    labels, p = tested["label"].to_numpy(), tested.filter(regex=r"^p_\d+$").to_numpy()
    return Measured(
        measure(labels, p), of_classes(labels, p), curves(labels, p), answering(labels, p), misleading(labels, p)
    )


def measure(labels: np.ndarray, probabilities: np.ndarray, *, seed: int = 0) -> list[Measure]:
    """Every measure of labels (n,) and probabilities (n, c); averages are over the classes that have an image."""
    p = np.asarray(probabilities, np.float64)
    classes, predicted = p.shape[1], p.argmax(axis=1)
    intervals = {name: _interval(values) for name, values in scores.weighted(labels, p, _draws(labels, seed)).items()}
    k = 5 if classes > 10 else 2
    measures = [
        Measure("Accuracy", metrics.accuracy(labels, predicted), "Share of the images that are right"),
        Measure(
            "Balanced accuracy",
            intervals["balanced_accuracy"],
            "Mean of the classes' recalls: every class counts the same, however many images it has",
        ),
        Measure(f"Top-{k} accuracy", metrics.top_k(labels, p, k), f"The label is among the {k} most probable classes"),
        Measure("Precision, macro", intervals["macro_precision"], "Of images predicted as a class, the share right"),
        Measure("F1, macro", intervals["macro_f1"], "Harmonic mean of precision and recall, mean of the classes"),
        Measure("F1, weighted", intervals["weighted_f1"], "The same, classes weighted by their images"),
        Measure(
            "ROC area, macro",
            intervals["roc_auc"],
            "How often an image of a class gets a higher probability for it than an image of another; 0.5 by chance",
        ),
        Measure(
            "Average precision, macro",
            intervals["average_precision"],
            "Area under the curve of precision against recall, each class against the rest",
        ),
        Measure(
            "Log loss", intervals["log_loss"], "Mean of -log of the label's probability; lower is better", share=False
        ),
    ]
    return [measure for measure in measures if not np.isnan(measure.value.value)]  # of a single class, the ROC area


def of_classes(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """A row for each of c classes: images, precision, recall, f1, roc_auc, average_precision; nan where undefined."""
    p = np.asarray(probabilities, np.float64)
    classes, predicted = p.shape[1], p.argmax(axis=1)
    counts = metrics.confusion(labels, predicted, classes).astype(float)
    right, of_class, of_answer = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    areas = np.full((2, classes), np.nan)
    present = np.flatnonzero(of_class)
    areas[:, present] = [area[0] for area in scores.areas(labels, p, present, np.ones((1, len(labels)), np.float32))]
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(
            {
                "images": of_class.astype(int),
                "precision": right / of_answer,
                "recall": right / of_class,
                "f1": 2 * right / (of_class + of_answer),
                "roc_auc": areas[0],
                "average_precision": areas[1],
            }
        )


def curves(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Points of each class that has an image, from the surest answer on: class_index, threshold, false_positive_rate,
    recall, precision; at most MOST_POINTS a class, the ends among them; nan where undefined."""
    parts = []
    for index in np.flatnonzero(np.bincount(labels, minlength=probabilities.shape[1])):
        order = np.argsort(-probabilities[:, index], kind="stable")
        falling, own = probabilities[order, index], labels[order] == index
        last = np.flatnonzero(np.r_[falling[1:] != falling[:-1], True])  # of those with equal probabilities
        if len(last) > MOST_POINTS:
            last = last[np.linspace(0, len(last) - 1, MOST_POINTS).astype(int)]
        true, false = own.cumsum()[last], (~own).cumsum()[last]
        negatives = (~own).sum()
        part = {"threshold": falling[last], "recall": true / own.sum(), "precision": true / (true + false)}
        part["false_positive_rate"] = false / negatives if negatives else np.nan
        parts.append(pd.DataFrame({"class_index": index} | part))
    return pd.concat(parts, ignore_index=True)


def answering(labels: np.ndarray, probabilities: np.ndarray) -> list[Answering]:
    """Coverage and accuracy at each of `THRESHOLDS`, if less confident images get no answer."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    kept = [confidence >= threshold for threshold in THRESHOLDS]
    return [
        Answering(
            float(threshold),
            metrics.wilson(int(part.sum()), len(labels)),
            metrics.wilson(int((part & right).sum()), int(part.sum())),
        )
        for threshold, part in zip(THRESHOLDS, kept, strict=True)
    ]


def misleading(labels: np.ndarray, probabilities: np.ndarray) -> float | None:
    """The accuracy of always answering the commonest class, if it is at least half of the images; else None."""
    share = np.bincount(labels, minlength=probabilities.shape[1]).max() / len(labels)
    return float(share) if share >= 0.5 else None


def _draws(labels: np.ndarray, seed: int) -> np.ndarray:
    """How often each draw contains each image, (1 + DRAWS, n) float32; the first contains each once."""
    random = np.random.default_rng(seed)
    weights = np.ones((1 + DRAWS, len(labels)), np.float32)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        drawn = random.integers(0, len(rows), (DRAWS, len(rows)))
        flat = (drawn + len(rows) * np.arange(DRAWS)[:, None]).ravel()
        weights[1:, rows] = np.bincount(flat, minlength=DRAWS * len(rows)).reshape(DRAWS, -1)
    return weights


def _interval(values: np.ndarray) -> Interval:
    """The first of (1 + draws,) values, with the percentiles of the others that hold 95 % of them."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Interval(float(values[0]), float(min(low, values[0])), float(max(high, values[0])))
