"""The accuracy of a run without the test images that are known to be training images, or nearly so.

of_run(run)             how many of them it was tested on, and its accuracy on the others
known(dataset)          their rows, from stored results: nothing is compared here
sentence(leaks)         both in words
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import metrics, runs
from core.config import ZERO_SHOT
from core.data import datasets, duplicates, near_duplicates
from core.data.dataset import Dataset
from core.errors import LabError
from core.metrics import Interval
from core.runs import Run, RunRow


@dataclass(frozen=True)
class Leaks:
    """Test images of a run that are nearly training images, and its accuracy on the others."""

    images: int
    n_test: int
    others: Interval  # nan if there are none


def of_run(run: Run | RunRow) -> Leaks | None:
    """What leaked into the training of an ended run; None if nothing is known to, or if it cannot be read."""
    try:
        return among(trained(run), known(datasets.load(run.config.dataset)))
    except LabError:
        return None


def trained(run: Run | RunRow) -> tuple[str, ...]:
    """Ids of the runs that its accuracy is from and that learned from images, which zero-shot does not."""
    if run.config.method == ZERO_SHOT:
        return ()
    return tuple(each.id for each in run.runs) if isinstance(run, RunRow) else (run.id,)


def known(dataset: Dataset) -> np.ndarray:
    """Ascending row ids `int64` of the test images that are known to be training images, or nearly so."""
    near = near_duplicates.find(dataset)
    leaked = near.leaked() if near else np.empty(0, np.int64)
    if duplicates.find(dataset) is None:
        return leaked
    splits = datasets.splits(dataset)
    training = np.concatenate([splits["train"], splits["val"]])
    return np.union1d(leaked, duplicates.leaked(dataset, splits["test"], training))


def among(ids: Sequence[str], leaked: np.ndarray) -> Leaks | None:
    """How many of these rows a run was tested on, and its accuracy on the others; None if on none of them.

    Args:
        ids: See `trained`; of several seeds the mean is the accuracy.

    Raises:
        RunError: Its predictions cannot be read.
    """
    if not ids or not len(leaked):
        return None
    tested = [runs.predictions(run_id) for run_id in ids]
    others = [each[~each["row"].isin(leaked)] for each in tested]
    images, left = len(tested[0]), len(others[0])
    if left == images:
        return None
    shares = [metrics.accuracy(each["label"].to_numpy(), each["prediction"].to_numpy()) for each in others]
    if len(shares) > 1 and left:
        return Leaks(images - left, images, metrics.mean_of_seeds([share.value for share in shares], left)[0])
    return Leaks(images - left, images, shares[0])


def sentence(leaks: Leaks) -> str:
    """How many test images leaked, and the accuracy on the others; without a full stop."""
    text, others = near_duplicates.sentence(leaks.images, leaks.n_test), leaks.n_test - leaks.images
    if not others:
        return text
    value, low, high = (f"{100 * share:.1f}" for share in (leaks.others.value, leaks.others.low, leaks.others.high))
    noun = "other" if others == 1 else "others"
    return f"{text}; on the {others:,} {noun} its accuracy is {value} % (95 % interval {low} to {high} %)"
