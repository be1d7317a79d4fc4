"""More numbers than accuracy, from labels and probabilities, for many weightings of the images at once.

Definitions are scikit-learn's, which is the referee in the tests; it would sort the probabilities for each weighting.
"""

import numpy as np

NAMES = ("balanced_accuracy", "macro_precision", "macro_f1", "weighted_f1", "roc_auc", "average_precision", "log_loss")
AT_ONCE = 64  # weightings, of 10,000 images 5 MB an array
TINIEST = np.finfo(np.float64).eps  # a smaller probability counts as this one in the log loss, as in scikit-learn


def of(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Each of `NAMES` that is defined, of labels (n,) and probabilities (n, c)."""
    values = weighted(labels, probabilities, np.ones((1, len(labels)), np.float32))
    return {name: float(value[0]) for name, value in values.items() if not np.isnan(value[0])}


def weighted(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each of `NAMES` (w,) for weights (w, n); averages are over the classes that have an image.

    A single class has no ROC area: nan.
    """
    p = np.asarray(probabilities, np.float64)
    n, classes = p.shape
    predicted, present = p.argmax(axis=1), np.flatnonzero(np.bincount(labels, minlength=classes))
    true, answered = (np.eye(classes, dtype=np.float32)[each][:, present] for each in (labels, predicted))
    right, of_class, of_answer = weights @ (true * answered), weights @ true, weights @ answered
    precision = np.divide(right, of_answer, out=np.zeros_like(right), where=of_answer > 0)
    f1 = 2 * right / (of_class + of_answer)
    auc, average_precision = areas(labels, p, present, weights)
    own = p[np.arange(n), labels] / p.sum(axis=1)
    return {
        "balanced_accuracy": (right / of_class).mean(axis=1),
        "macro_precision": precision.mean(axis=1),
        "macro_f1": f1.mean(axis=1),
        "weighted_f1": (f1 * (of_class / n)).sum(axis=1),
        "roc_auc": auc.mean(axis=1),
        "average_precision": average_precision.mean(axis=1),
        "log_loss": weights @ -np.log(np.maximum(own, TINIEST)) / n,
    }


def areas(labels: np.ndarray, p: np.ndarray, classes: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """ROC area and average precision (w, classes) for weights (w, n), each class against the rest.

    Equal probabilities count half.
    """
    auc, average_precision = np.full((2, len(weights), len(classes)), np.nan)
    for column, label in enumerate(classes):
        order = np.argsort(-p[:, label], kind="stable")
        falling, own = p[order, label], labels[order] == label
        steps = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
        for start in range(0, len(weights), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            drawn = weights[part][:, order]
            positive = np.add.reduceat(np.where(own, drawn, 0), steps, axis=1, dtype=np.float64)
            negative = np.add.reduceat(np.where(own, 0, drawn), steps, axis=1, dtype=np.float64)
            true, false = positive.cumsum(axis=1), negative.cumsum(axis=1)
            positives, negatives = true[:, -1:], false[:, -1:]
            at_step = np.divide(true, true + false, out=np.zeros_like(true), where=true + false > 0)
            average_precision[part, column] = (positive * at_step).sum(axis=1) / positives[:, 0]
            if negatives.all():
                below = negatives - false + negative / 2
                auc[part, column] = (positive * below).sum(axis=1) / (positives * negatives)[:, 0]
    return auc, average_precision
