"""One run against another on the same test images, and a fine-tune against what it was before unfreezing."""

from dataclasses import replace
from math import isnan

import numpy as np
import pandas as pd

from core import metrics, runs
from core.config import RunConfig
from core.errors import LabError
from core.runs import RunRow


def together(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The images that both runs were tested on, with `right`, and `..._other` for the second run's columns.

    Args:
        first, second: As `runs.predictions` gives them.
    """
    both = first.merge(second, on=["row", "label"], suffixes=("", "_other"))
    return both.assign(right=both["prediction"] == both["label"], right_other=both["prediction_other"] == both["label"])


def before_and_after(predictions: pd.DataFrame, stages: pd.DataFrame | None) -> pd.DataFrame | None:
    """`together` of a fine-tune and, as the other, its head on the frozen backbone; None if that was not kept.

    Args:
        stages: As `runs.stage_predictions` gives them.
    """
    if stages is None or set(stages["stage"]) != {"head", "finetune"}:
        return None
    frozen = stages[stages["stage"] == "head"]
    return together(predictions, frozen.merge(predictions[["row", "label"]], on="row"))


def of_fine_tune(run: RunRow) -> pd.DataFrame | None:
    """`before_and_after` of a run; a fine-tune that began with the head of a probe has that probe as its before.

    Raises:
        RunError: What it or the probe left cannot be read.
    """
    predictions = runs.predictions(run.id)
    if run.config.start:
        return together(predictions, runs.predictions(run.config.start))
    return before_and_after(predictions, runs.stage_predictions(run.id))


def without_teacher(config: RunConfig) -> RunConfig:
    """The same training without its teacher and recipe."""
    return replace(config, teacher="", recipe="")


def unfreezing(run: RunRow) -> metrics.Change | None:
    """How a fine-tune changed the accuracy of its frozen backbone; None for a run without such a baseline.

    They are compared image by image if both predictions are stored; older runs only by their two accuracies.
    """
    if run.config.method != "finetune" or not run.has_result:
        return None
    try:
        of_seeds = {seed.id: of_fine_tune(seed) for seed in run.runs}
        learned = next(filter(None, map(_learned_from, run.runs)), None)
    except LabError:  # the probe was deleted
        return unfreezing_by_counts(run)
    by_image = {seed: both.set_index("row") for seed, both in of_seeds.items() if both is not None and len(both)}
    if len(by_image) == len(of_seeds):
        before, after = (
            pd.DataFrame({seed: both[name] for seed, both in by_image.items()}) for name in ("right_other", "right")
        )
        return replace(_change(before, after), trained_on=learned)
    return unfreezing_by_counts(run)


def unfreezing_by_counts(run: RunRow) -> metrics.Change | None:
    """`unfreezing` from the two accuracies of a run alone."""
    if isnan(run.frozen_accuracy):
        return None
    images = int(run.n_test)
    return metrics.change_of_counts(round(run.frozen_accuracy * images), images, round(run.accuracy * images), images)


def fair_probe(run: RunRow, start: RunConfig) -> RunConfig:
    """The probe that learns from the same images as a fine-tune, so that only unfreezing differs.

    Args:
        start: The config of the probe whose head the fine-tune started from.
    """
    config = run.config
    return replace(start, train_split=config.train_split, n_train=config.n_train, seed=config.seed, recipe="")


def of_runs(first: RunRow, second: RunRow) -> metrics.Change:
    """The change from one run or entry to another, image by image where they share test images.

    Of an entry with several seeds, the mean is compared, over seeds and images together.
    """
    try:
        before, after = _right(first), _right(second)
    except LabError:
        return by_counts(first, second)
    images = before.index.intersection(after.index)
    if len(images) < 2:
        return by_counts(first, second)
    return _change(before.loc[images], after.loc[images])


def by_counts(first: RunRow, second: RunRow) -> metrics.Change:
    """`of_runs` from the two accuracies alone."""
    before, after = (metrics.Interval(run.accuracy, run.accuracy_low, run.accuracy_high) for run in (first, second))
    return metrics.change_of_intervals(before, after, int(min(first.n_test, second.n_test)))


def _right(run: RunRow) -> pd.DataFrame:
    """Whether each seed of an entry, or a run alone, is right: bool, a row for each image, a column for each seed."""
    tested = {seed.id: runs.predictions(seed.id).set_index(["row", "label"])["prediction"] for seed in run.runs}
    frame = pd.DataFrame(tested)
    return frame.eq(frame.index.get_level_values("label"), axis=0)


def _change(before: pd.DataFrame, after: pd.DataFrame) -> metrics.Change:
    """The change between frames of `_right` over the same images."""
    return metrics.change(*(np.asarray(frame, bool).T for frame in (before, after)))


def _learned_from(run: RunRow) -> tuple[int, int] | None:
    """The numbers of training images of the probe that a fine-tune started from, and its own; None: the same images."""
    if not run.config.start:
        return None
    probe = runs.get(run.config.start)
    first, second = probe.tested().n_train, int(run.n_train)
    all_of_them = first == second and not (probe.config.n_train and run.config.n_train)
    alike = first == second and probe.config.train_split == run.config.train_split
    if alike and (all_of_them or probe.config.seed == run.config.seed):
        return None
    return first, second
