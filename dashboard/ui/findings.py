"""Findings about one run or two, in sentences that claim no more than the figures support."""

import numpy as np
import pandas as pd

from core import metrics, sweeps
from core.calibration import Calibration
from core.metrics import StandardErrors
from core.runs import RunRow
from dashboard.ui import formats

ROUNDING = 1e-9  # percentage points: means over seeds are floats


def change(measured: metrics.Change, first: str, second: str, *, unit: str = "test image") -> str:
    """Which of two runs is better and by how much, or that it is too close to call; the one wording for all pages.

    Args:
        first, second: Names of the two, as in the middle of a sentence.
    """
    images, points = formats.count(measured.images, unit), 100 * abs(measured.difference)
    paired, interval = measured.paired, measured.interval
    if paired and not paired.only_first + paired.only_second:
        return _sentence(f"{second} and {first} are right and wrong on the same {images}")
    better, worse = (second, first) if measured.difference >= 0 else (first, second)
    low, high = sorted((measured.first, measured.second))
    accuracies = f"{100 * high:.1f} against {formats.percent(low)}"
    if measured.clear:
        verdict = f"{better} is {points:.1f} points better than {worse} ({accuracies})"
    elif points > ROUNDING:
        apart = f"{points:.1f}" if points >= 0.05 else "less than 0.1"
        verdict = f"{better} and {worse} are {apart} points apart ({accuracies}), too close to call"
    else:
        verdict = f"{better} and {worse} are equally accurate ({formats.percent(low)})"
    evidence = f"on {images}"
    if paired:
        p_value = "p < 0.001" if paired.p_value < 0.001 else f"p = {paired.p_value:.3f}"
        evidence = (
            f"of {images}, only {second} is right on {paired.only_second:,}, only {first} on {paired.only_first:,} "
            f"(McNemar's exact test, {p_value})"
        )
    elif interval:
        low, high = (interval.low, interval.high) if better == second else (-interval.high, -interval.low)
        ends = f"{formats.points(low)} to {formats.points(high)}"
        evidence = f"95 % interval of the difference {ends} points, on {images}"
    sentence, errors = _sentence(f"{verdict}: {evidence}"), measured.standard_errors
    return f"{sentence} {_larger_uncertainty(errors, images)}" if errors else sentence


def seeds(entry: RunRow) -> str:
    """How far the seeds of an entry are apart, and whether they or the test images cause the larger uncertainty."""
    if entry.standard_errors is None:
        return "Only one seed has a result, so the spread over seeds is not known."
    accuracies = [run.accuracy for run in entry.runs]
    return (
        f"{len(accuracies)} seeds, from {100 * min(accuracies):.1f} to {formats.percent(max(accuracies))}, with a "
        f"standard deviation of {100 * entry.spread:.1f} points. "
        + _larger_uncertainty(entry.standard_errors, formats.count(entry.n_test, "test image"))
    )


def sweep(entry: RunRow) -> str:
    """Which run a sweep chose, and how many others its validation images cannot tell from it."""
    chosen, finished = entry.chosen, [cell for cell in entry.cells if cell.status == "finished"]
    images = int(chosen.n_val)
    own = metrics.wilson(chosen.validation_accuracy * images, images)
    near = sum(cell.validation_accuracy >= own.low for cell in finished) - 1
    what = f"**{sweeps.described(chosen.config, entry.varied)}**"
    sentence = (
        f"Chosen on {formats.count(images, 'validation image')}: {what}, with {formats.percent(own.value)} "
        f"(95 % interval {formats.interval(own.low, own.high)})."
    )
    if near:
        others = "Another run is" if near == 1 else f"{near} other runs are"
        sentence += f" {others} within this interval: which of them is best is partly chance."
    return f"{sentence} The test images chose nothing; only the chosen run's accuracy on them is shown."


def _larger_uncertainty(errors: StandardErrors, images: str) -> str:
    """Which of the two sources of uncertainty is larger; if one side is a single run, that it was not repeated."""
    counts = " and ".join(str(count) for count in errors.counts if count > 1)
    sources = {"images": (f"the {images}", errors.images), "seeds": (f"the {counts} seeds", errors.seeds)}
    source, error = sources.pop(errors.larger)
    ((other, smaller),) = sources.values()
    text = (
        f"The larger uncertainty comes from {source}: a standard error of {100 * error:.1f} points, against "
        f"{100 * smaller:.1f} from {other}."
    )
    if 1 in errors.counts:
        text += " One of the two is a single run: its own spread over seeds is not included."
    return text


def unfreezing(measured: metrics.Change) -> str:
    """How unfreezing changed the accuracy of the frozen backbone, or that other training images are part of it."""
    if measured.trained_on is None:
        return change(measured, "the frozen backbone", "the fine-tune")
    first, second = (formats.count(images) for images in measured.trained_on)
    verdict = change(measured, f"the probe trained on {first} images", f"the fine-tune trained on {second} images")
    return (
        f"{verdict} The training images differ, so this is not the effect of unfreezing alone: a probe on the {second} "
        "images of the fine-tune would show it."
    )


def classes(counts: pd.DataFrame) -> str:
    """The classes with the highest and lowest accuracy, and the lowest one's most frequent confusion."""
    images = counts.to_numpy()
    names = [formats.plain(name) for name in counts.columns]
    tested = np.flatnonzero(images.sum(axis=1))
    if len(tested) < 2:
        return ""
    shares = {index: images[index, index] / images[index].sum() for index in tested}
    best, worst = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
    if shares[worst] == 1:
        return "Every test image of every class is right."
    text = f"Best at **{names[best]}** ({formats.percent(shares[best])}), worst at **{names[worst]}** "
    text += f"({formats.percent(shares[worst])})"
    wrong = images[worst].copy()
    wrong[worst] = 0
    mistaken = int(wrong.argmax())
    return f"{text}, mistaken for **{names[mistaken]}** in {wrong[mistaken]} of {images[worst].sum()} images."


def calibration(measured: Calibration) -> str:
    """Whether the confidence of a run matches its accuracy, as far as its test images can tell."""
    sure, right, images = measured.confidence, measured.accuracy, formats.count(measured.images, "test image")
    text = f"Its average confidence is {formats.percent(sure)}, its accuracy {formats.percent(right)}: "
    if not measured.misjudged:
        text += "it is well calibrated, as far as these images can tell."
    elif abs(sure - right) < measured.error / 2:
        text += "overconfident for some images, underconfident for others."
    else:
        text += "it is overconfident." if sure > right else "it is underconfident."
    text += (
        f" Confidence and accuracy are {100 * measured.error:.1f} points apart (expected calibration error). By chance "
        f"alone, a perfectly calibrated run would show {100 * measured.chance:.1f} points on {images}, and in 95 % of "
        f"all cases at most {100 * measured.limit:.1f}."
    )
    if measured.temperature and measured.corrected is not None:
        text += (
            f" Dividing its logits by a temperature of {measured.temperature:.2f} would bring that down to "
            f"{100 * measured.corrected:.1f} points (fitted on the test predictions, measured by cross-validation)."
        )
    elif measured.misjudged and measured.exclusive:
        text += " No single temperature would fix that."
    return text


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
