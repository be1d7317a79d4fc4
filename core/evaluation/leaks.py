"""The accuracy of a run without the test images that are known to be training images, or nearly so.

of_run(run)             how many of them it was tested on, and its accuracy on the others
known(dataset, ...)     their rows, from stored results: nothing is compared here
sentence(leaks)         both as a sentence
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import metrics, protocol, runs
from core.config import ZERO_SHOT, RunConfig
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
    """The leaks of a run that has ended; None if none are known, or if its predictions cannot be read."""
    learned = trained(run)
    try:
        dataset = datasets.load(run.config.dataset)
        return among([each.id for each in learned], known(dataset, [each.config for each in learned]))
    except LabError:
        return None


def trained(run: Run | RunRow) -> tuple[Run | RunRow, ...]:
    """The runs that its accuracy is from and that learned from images, which zero-shot does not."""
    if run.config.method == ZERO_SHOT:
        return ()
    return run.runs if isinstance(run, RunRow) else (run,)


def known(dataset: Dataset, configs: Sequence[RunConfig] = ()) -> np.ndarray:
    """Ascending row ids `int64` of the test images that are known to be training images, or nearly so.

    Args:
        configs: Only the images that one of these runs trains or validates on; none: all that are not for testing.
    """
    splits = datasets.splits(dataset)
    drawn = [protocol.choose_rows(dataset, config) for config in configs] or [splits]
    training = np.unique(np.concatenate([rows[part] for rows in drawn for part in ("train", "val")]))
    near = near_duplicates.find(dataset)
    leaked = near.leaked(training=training) if near else np.empty(0, np.int64)
    if duplicates.find(dataset) is None:
        return leaked
    return np.union1d(leaked, duplicates.leaked(dataset, splits["test"], training))


def among(ids: Sequence[str], leaked: np.ndarray) -> Leaks | None:
    """How many of these rows a run was tested on, and its accuracy on the others; None if on none of them.

    Args:
        ids: Of the runs; of several seeds the mean is the accuracy.

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
