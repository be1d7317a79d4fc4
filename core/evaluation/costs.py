"""What mistakes cost: the answer of the least expected cost, and how much it saves on the test images.

With costs, the best answer is not always the most probable class but the one whose expected cost is least (Elkan, The
foundations of cost-sensitive learning, IJCAI 2001); "I don't know" is best where its cost is less still (Chow, On
optimum recognition error and reject tradeoff, 1970). Both follow from costs and probabilities, and no test image is
looked at; the better calibrated the probabilities, the more it saves.
"""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from core import metrics
from core.errors import ConfigError
from core.metrics import NORMAL_95, Interval

DECLINED = -1  # instead of a class


@dataclass(frozen=True)
class Saving:
    """The cost of an image, on average, and what changes if answers are chosen by their expected costs."""

    usual: float  # of the most probable classes
    cheapest: float  # of the answers of least expected cost
    saved: Interval  # the difference, from -inf to inf
    accuracy: float  # of the images that are still answered; nan if none is
    changed: float  # share of the images that get another answer
    declined: float  # share that gets none


def check(costs: np.ndarray) -> None:
    """Refuse costs (c, c), true class by answer, that are missing or negative, or make a wrong answer cheapest.

    Raises:
        ConfigError: The first of these faults.
    """
    if not np.isfinite(costs).all() or (costs < 0).any():
        raise ConfigError("A cost is missing or negative", "a number from 0 on in each cell", "Fill it in")
    right = np.diag(costs)[:, None]
    if (costs < right).any():
        raise ConfigError("A wrong answer costs less than the right one", "the least cost of a row on the diagonal")


def decide(probabilities: np.ndarray, costs: np.ndarray, declining: float = inf) -> np.ndarray:
    """The answer of least expected cost for each of n images, or DECLINED; of equals the first class.

    Args:
        probabilities: (n, c); where each class was judged by itself, in proportion.
        costs: (c, c), true class by answer.
        declining: The cost of no answer.
    """
    shares = np.asarray(probabilities, np.float64)
    if not metrics.exclusive(shares):
        shares = shares / shares.sum(axis=1, keepdims=True)
    expected = shares @ costs
    return np.where(expected.min(axis=1) <= declining, expected.argmin(axis=1), DECLINED)


def threshold(costs: np.ndarray) -> float:
    """The probability from which on the second of two classes is the cheaper answer (Elkan, equation 2)."""
    false_alarm, missed = costs[0, 1] - costs[0, 0], costs[1, 0] - costs[1, 1]
    return float(false_alarm / (false_alarm + missed)) if false_alarm + missed else 0.5


def saving(labels: np.ndarray, probabilities: np.ndarray, costs: np.ndarray, declining: float = inf) -> Saving:
    """Compare the answers of `decide` with the most probable classes, on images with these labels (n,).

    The interval of the difference is that of a mean of n paired differences, by the normal distribution.
    """
    usual, cheapest = probabilities.argmax(axis=1), decide(probabilities, costs, declining)
    answered = cheapest != DECLINED
    before = costs[labels, usual]
    after = np.where(answered, costs[labels, cheapest], declining)
    saved, margin = (before - after).mean(), NORMAL_95 * (before - after).std(ddof=1) / sqrt(len(labels))
    return Saving(
        usual=float(before.mean()),
        cheapest=float(after.mean()),
        saved=Interval(float(saved), float(saved - margin), float(saved + margin)),
        accuracy=float((cheapest == labels)[answered].mean()) if answered.any() else float("nan"),
        changed=float((answered & (cheapest != usual)).mean()),
        declined=float(1 - answered.mean()),
    )
